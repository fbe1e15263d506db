import type { Key, State } from '@heddle/core'
import { type Kept, keep, release } from './kept-element.ts'
import { type OperatorContext, type OperatorFactory, type OperatorOutput, roleOf } from './operator.ts'
import { timeAt, timeText } from './time-key.ts'
import { tooMany } from './too-many.ts'

interface Row {
  /** The number that is to come out next. */
  readonly next: number
  /** How many wait. */
  readonly waiting: number
}

/**
 * Elements in the order of their numbers.
 *
 * ```
 * state: 'n/' <key as JSON>                →  the next number, and how many wait
 *        'e/' <key as JSON> '/' <number>   →  an element that waits for those before it
 * timer: <key as JSON>                     →  when those that are missing are given up
 * ```
 */
export const resequenceOperator: OperatorFactory = (component, code) => {
  const by = roleOf<(value: unknown) => Key>(component, code, 'by')
  const sequence = roleOf<(value: unknown) => number>(component, code, 'sequence')
  const { first, timeoutMs, limit } = component.config as unknown as {
    first: number
    timeoutMs: number
    limit: number
  }
  let context: OperatorContext
  let state: State
  const place = (keyText: string, number: number): string => `e/${keyText}/${timeText(number)}`

  /** Emits all that follow each other from `next` on. */
  const go = (keyText: string, { next, waiting }: Row, out: OperatorOutput): void => {
    for (;;) {
      const kept = state.get<Kept>(place(keyText, next))
      if (!kept) break
      release(kept, out)
      state.delete(place(keyText, next))
      next++
      waiting--
    }
    state.put<Row>(`n/${keyText}`, { next, waiting })
    if (timeoutMs === 0) return
    if (waiting === 0) context.timers.delete(keyText, 'processing')
    else context.timers.set(keyText, context.clock.now() + timeoutMs, 'processing')
  }

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const { value } = tuple.values
      const number = sequence(value)
      if (!Number.isSafeInteger(number))
        throw new TypeError(
          `the number of an element of '${component.id}' must be a whole one, and is ${number}`,
        )
      const keyText = JSON.stringify(by(value))
      const { next, waiting } = state.get<Row>(`n/${keyText}`) ?? { next: first, waiting: 0 }
      if (number < next || state.get(place(keyText, number)) !== undefined) return out.count('dropped')
      if (number === next) {
        out.emit({ value })
        return go(keyText, { next: next + 1, waiting }, out)
      }
      if (waiting >= limit) throw tooMany(component.id, limit)
      state.put(place(keyText, number), keep(tuple, component.id))
      state.put<Row>(`n/${keyText}`, { next, waiting: waiting + 1 })
      if (waiting === 0 && timeoutMs > 0)
        context.timers.set(keyText, context.clock.now() + timeoutMs, 'processing')
      return undefined
    },
    ...(timeoutMs > 0 && {
      timer({ key: keyText }, out) {
        const row = state.get<Row>(`n/${keyText}`)
        if (!row) return
        const prefix = `e/${keyText}/`
        for (const [found] of state.entries(prefix))
          return go(keyText, { ...row, next: timeAt(found, prefix.length) }, out)
      },
    }),
  }
}
