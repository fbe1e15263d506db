import type { Key, State } from '@heddle/core'
import { type Kept, keep, release } from './kept-element.ts'
import type { OperatorContext, OperatorFactory } from './operator.ts'
import { timeText } from './time-key.ts'
import { tooMany } from './too-many.ts'

interface Pace {
  /** Clock time from which on the next element may go. */
  readonly next: number
  /** Numbers of the first element that waits, and of the next one to come. */
  readonly first: number
  readonly end: number
}

/**
 * One element of a key each `everyMs`; the others wait in order.
 *
 * ```
 * state: 'p/' <key as JSON>                  →  its pace
 *        'q/' <key as JSON> '/' <number>     →  an element that waits
 * timer: <key as JSON>                       →  when the next may go, or the key is at rest
 * ```
 */
export const throttleOperator: OperatorFactory = (component, code) => {
  const { everyMs, drop, limit } = component.config as unknown as {
    everyMs: number
    drop: boolean
    limit: number
  }
  const by = code['by'] as ((value: unknown) => Key) | undefined
  let context: OperatorContext
  let state: State
  const place = (keyText: string, number: number): string => `q/${keyText}/${timeText(number)}`
  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const keyText = JSON.stringify(by ? by(tuple.values['value']) : null)
      const now = context.clock.now()
      const { next, first, end } = state.get<Pace>(`p/${keyText}`) ?? { next: now, first: 0, end: 0 }
      if (first === end && next <= now) {
        state.put<Pace>(`p/${keyText}`, { next: now + everyMs, first, end })
        context.timers.set(keyText, now + everyMs, 'processing')
        return out.emit({ value: tuple.values['value'] })
      }
      if (drop) return out.count('dropped')
      if (end - first >= limit) throw tooMany(component.id, limit)
      state.put(place(keyText, end), keep(tuple, component.id))
      state.put<Pace>(`p/${keyText}`, { next, first, end: end + 1 })
      return undefined
    },
    timer({ key: keyText }, out) {
      const pace = state.get<Pace>(`p/${keyText}`)
      if (!pace) return
      const now = context.clock.now()
      let { next, first } = pace
      // After a pause, what was due meanwhile.
      for (; first < pace.end && next <= now; first++, next += everyMs) {
        release(state.get<Kept>(place(keyText, first))!, out)
        state.delete(place(keyText, first))
      }
      if (first === pace.end && next <= now) return state.delete(`p/${keyText}`)
      state.put<Pace>(`p/${keyText}`, { next, first, end: pace.end })
      context.timers.set(keyText, next, 'processing')
    },
  }
}
