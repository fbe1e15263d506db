import type { Key, State } from '@heddle/core'
import { aggregationOf } from './aggregation.ts'
import type { OperatorContext, OperatorFactory, OperatorOutput } from './operator.ts'

interface Kept {
  readonly value: unknown
  readonly count: number
  /** Times of the first and the last element. */
  readonly first: number
  readonly last: number
}

/**
 * One window for each key that never ends.
 *
 * ```
 * state: <key as JSON>  →  the aggregate, with how many elements it has and their times
 * timer: <key as JSON>  →  when the next result is due, where something has changed
 * ```
 */
export const globalWindow: OperatorFactory = (component, code) => {
  const { everyCount, everyMs } = component.config as unknown as { everyCount: number; everyMs: number }
  const { init, add, result } = aggregationOf(component, code)
  let context: OperatorContext
  let state: State
  const emitResult = (key: Key, { value, first, last }: Kept, out: OperatorOutput): void =>
    out.emit(
      { key, value: { key, window: { start: first, end: last + 1 }, value: result(value) } },
      { time: last },
    )

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const { time } = tuple
      const key = tuple.values['key'] as Key
      const keyText = JSON.stringify(key)
      const before = state.get<Kept>(keyText)
      const kept: Kept = {
        value: add(before ? before.value : init(), tuple.values['value']),
        count: (before?.count ?? 0) + 1,
        first: Math.min(before?.first ?? time, time),
        last: Math.max(before?.last ?? time, time),
      }
      state.put(keyText, kept)
      if (everyCount > 0 && kept.count % everyCount === 0) emitResult(key, kept, out)
      if (everyMs > 0 && context.timers.get(keyText, 'processing') === undefined)
        context.timers.set(keyText, context.clock.now() + everyMs, 'processing')
    },
    ...(everyMs > 0 && {
      timer({ key }, out) {
        const kept = state.get<Kept>(key)
        if (kept) emitResult(JSON.parse(key) as Key, kept, out)
      },
    }),
  }
}
