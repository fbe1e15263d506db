import type { Key, State } from '@heddle/core'
import { type Kept, keep, valueOf } from './kept-element.ts'
import { type OperatorContext, type OperatorFactory, type OperatorOutput, roleOf } from './operator.ts'
import { timeText } from './time-key.ts'

/**
 * Waits until all elements that belong together are there: so many, or as many as `size` says of one of them, or when `until`
 * says so of all.
 *
 * ```
 * state: 'n/' <key as JSON>                →  how many elements are there
 *        'e/' <key as JSON> '/' <number>   →  an element
 * timer: <key as JSON>                     →  when time is up
 * ```
 */
export const gatherOperator: OperatorFactory = (component, code) => {
  const by = roleOf<(value: unknown) => Key>(component, code, 'by')
  const { count, timeoutMs, limit } = component.config as unknown as {
    count: number
    timeoutMs: number
    limit: number
  }
  const size = code['size'] as ((value: unknown) => number) | undefined
  const until = code['until'] as ((elements: readonly unknown[]) => boolean) | undefined
  let context: OperatorContext
  let state: State

  const place = (keyText: string, number: number): string => `e/${keyText}/${timeText(number)}`
  const elements = (keyText: string, there: number): readonly Kept[] =>
    Array.from({ length: there }, (_, number) => state.get<Kept>(place(keyText, number))!)

  const isComplete = (keyText: string, there: number, value: unknown): boolean => {
    if (until) return until(elements(keyText, there).map(valueOf))
    return there >= (size ? size(value) : count)
  }

  const finish = (keyText: string, there: number, complete: boolean, out: OperatorOutput): void => {
    const kept = elements(keyText, there)
    for (let number = 0; number < there; number++) state.delete(place(keyText, number))
    state.delete(`n/${keyText}`)
    const key = JSON.parse(keyText) as Key
    const time = kept.reduce((latest, each) => Math.max(latest, each.time), -Infinity)
    out.emit({ value: { key, elements: kept.map(valueOf), complete } }, { origin: kept[0]!.origin, time })
  }

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const { value } = tuple.values
      const keyText = JSON.stringify(by(value))
      const before = state.get<number>(`n/${keyText}`) ?? 0
      if (before >= limit)
        throw new RangeError(
          `group ${keyText} of '${component.id}' has more than ${limit} elements: raise the limit`,
        )
      state.put(place(keyText, before), keep(tuple, component.id))
      if (isComplete(keyText, before + 1, value)) {
        context.timers.delete(keyText, 'processing')
        return finish(keyText, before + 1, true, out)
      }
      state.put(`n/${keyText}`, before + 1)
      if (before === 0 && timeoutMs > 0)
        context.timers.set(keyText, context.clock.now() + timeoutMs, 'processing')
      return undefined
    },
    ...(timeoutMs > 0 && {
      timer({ key: keyText }, out) {
        const there = state.get<number>(`n/${keyText}`)
        if (there !== undefined) finish(keyText, there, false, out)
      },
    }),
  }
}
