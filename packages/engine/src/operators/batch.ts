import type { State } from '@heddle/core'
import { type Kept, keep, valueOf } from './kept-element.ts'
import type { OperatorContext, OperatorFactory, OperatorOutput } from './operator.ts'
import { timeText } from './time-key.ts'

/**
 * Elements together, as an array.
 *
 * ```
 * state: 'e/' <number>  →  an element that waits
 *        'range'        →  numbers of the first one, and of the next one to come
 * timer: 'batch'        →  when those that are there go on
 * ```
 */
export const batchOperator: OperatorFactory = (component) => {
  const { count, withinMs } = component.config as unknown as { count: number; withinMs: number }
  let context: OperatorContext
  let state: State
  const place = (number: number): string => `e/${timeText(number)}`
  const emit = (from: number, to: number, out: OperatorOutput): void => {
    const kept = Array.from({ length: to - from }, (_, at) => state.get<Kept>(place(from + at))!)
    for (let number = from; number < to; number++) state.delete(place(number))
    state.put('range', [to, to])
    const time = kept.reduce((latest, each) => Math.max(latest, each.time), -Infinity)
    out.emit({ value: kept.map(valueOf) }, { origin: kept[0]!.origin, time })
  }
  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const [from, to] = state.get<[number, number]>('range') ?? [0, 0]
      state.put(place(to), keep(tuple, component.id))
      if (to + 1 - from === count) {
        context.timers.delete('batch', 'processing')
        return emit(from, to + 1, out)
      }
      state.put('range', [from, to + 1])
      if (from === to) context.timers.set('batch', context.clock.now() + withinMs, 'processing')
      return undefined
    },
    timer(_, out) {
      const [from, to] = state.get<[number, number]>('range')!
      if (from < to) emit(from, to, out)
    },
  }
}
