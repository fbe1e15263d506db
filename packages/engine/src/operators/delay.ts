import type { State } from '@heddle/core'
import { type Kept, keep, release } from './kept-element.ts'
import type { OperatorContext, OperatorFactory } from './operator.ts'
import { tooMany } from './too-many.ts'

/**
 * Holds each element for a time.
 *
 * ```
 * state: 'e/' <id>   →  the element
 *        'waiting'   →  how many there are
 * timer: <id>        →  when it goes on
 * ```
 */
export const delayOperator: OperatorFactory = (component, code) => {
  const { delayMs, limit } = component.config as unknown as { delayMs: number; limit: number }
  const timeOf = code['time'] as ((value: unknown) => number) | undefined
  let context: OperatorContext
  let state: State
  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple) {
      const waiting = state.get<number>('waiting') ?? 0
      if (waiting >= limit) throw tooMany(component.id, limit)
      const kept = keep(tuple, component.id)
      const ms = timeOf ? timeOf(tuple.values['value']) : delayMs
      context.timers.set(kept.origin, context.clock.now() + ms, 'processing')
      state.put(`e/${kept.origin}`, kept)
      state.put('waiting', waiting + 1)
    },
    timer({ key }, out) {
      const kept = state.get<Kept>(`e/${key}`)
      if (!kept) return
      state.delete(`e/${key}`)
      state.put('waiting', (state.get<number>('waiting') ?? 1) - 1)
      release(kept, out)
    },
  }
}
