import { type Event, type State, correlationAttribute, event, isEvent, toRecord } from '@heddle/core'
import { type Kept, keep, valueOf } from './kept-element.ts'
import type { OperatorContext, OperatorFactory, OperatorOutput } from './operator.ts'
import { checkSize } from './record-size.ts'

/**
 * Sends each element to a topic, and waits for the reply to it.
 *
 * ```
 * state: <correlation id>  →  the element
 * timer: <correlation id>  →  when it waits no longer
 * ```
 */
export const requestOperator: OperatorFactory = (component, _, topology) => {
  const { topic, timeoutMs } = component.config as unknown as { topic: string; timeoutMs: number }
  const replies = component.inputs.at(-1)!
  let context: OperatorContext
  let state: State
  const emit = (id: string, kept: Kept, reply: Event | undefined, out: OperatorOutput): void =>
    out.emit({ value: { request: valueOf(kept), reply } }, { origin: `${id}:replied`, time: kept.time })

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const { value } = tuple.values
      if (tuple.component === replies.from && isEvent(value)) {
        const id = value.extensions?.[correlationAttribute]
        const kept = typeof id === 'string' ? state.get<Kept>(id) : undefined
        // Somebody else's, one that came before, or one that came too late.
        if (!kept) return out.count('dropped')
        state.delete(id as string)
        context.timers.delete(id as string, 'processing')
        return emit(id as string, kept, value, out)
      }
      const kept = keep(tuple, component.id)
      const id = kept.origin
      const sent: Event = isEvent(value)
        ? value
        : event({
            id,
            source: `/topologies/${topology}`,
            type: `${topology}.${component.id}`,
            time: new Date(tuple.time).toISOString(),
            traceparent: tuple.traceparent,
            data: value,
          })
      const record = toRecord({ ...sent, extensions: { ...sent.extensions, [correlationAttribute]: id } })
      checkSize(record, topic, context.maxRecordBytes(topic))
      out.append(topic, record)
      state.put(id, kept)
      context.timers.set(id, context.clock.now() + timeoutMs, 'processing')
      return undefined
    },
    timer({ key: id }, out) {
      const kept = state.get<Kept>(id)
      if (!kept) return
      state.delete(id)
      emit(id, kept, undefined, out)
    },
  }
}
