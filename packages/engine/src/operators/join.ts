import type { State } from '@heddle/core'
import { type OperatorContext, type OperatorFactory, roleOf } from './operator.ts'
import { timeAt, timeText } from './time-key.ts'

interface Config {
  readonly type: 'inner' | 'left' | 'outer'
  readonly withinMs: number
  readonly graceMs: number
}

interface Waiting {
  readonly value: unknown
  /** It has found another, where that matters. */
  readonly matched?: true
}

/**
 * Joins two streams by key and time.
 *
 * ```
 * state: <side, 'l' or 'r'> '/' <key as JSON> '/' <time> '/' <id>  →  the element
 * timer: <key as JSON>                                             →  when the first of them is of no use any more
 * ```
 */
export const joinOperator: OperatorFactory = (component, code) => {
  const { type, withinMs, graceMs } = component.config as unknown as Config
  const join = roleOf<(left: unknown, right: unknown) => unknown>(component, code, 'join')
  const left = component.inputs[0]!
  const alone = { l: type !== 'inner', r: type === 'outer' }
  let context: OperatorContext
  let state: State
  const over = (time: number): number => time + withinMs + graceMs + 1
  const pair = (side: 'l' | 'r', own: unknown, other: unknown): unknown =>
    side === 'l' ? join(own, other) : join(other, own)

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const { key, value } = tuple.values
      const { time } = tuple
      if (over(time) <= context.watermark()) return out.count('late')
      const keyText = JSON.stringify(key)
      const side = tuple.component === left.from && tuple.stream === left.stream ? 'l' : 'r'
      const other = side === 'l' ? 'r' : 'l'
      const prefix = `${other}/${keyText}/`
      let matched = false
      for (const [place, waiting] of state.entries<Waiting>(prefix)) {
        const at = timeAt(place, prefix.length)
        if (at < time - withinMs) continue
        if (at > time + withinMs) break
        matched = true
        out.emit({ key, value: pair(side, value, waiting.value) }, { time: Math.max(time, at) })
        if (alone[other] && !waiting.matched) state.put(place, { value: waiting.value, matched: true })
      }
      state.put(`${side}/${keyText}/${timeText(time)}/${tuple.derivedId(component.id)}`, {
        value,
        ...(matched && { matched }),
      })
      const due = context.timers.get(keyText)
      if (due === undefined || over(time) < due) context.timers.set(keyText, over(time))
    },
    timer({ key: keyText, time: due }, out) {
      const key: unknown = JSON.parse(keyText)
      let next = Infinity
      for (const side of ['l', 'r'] as const) {
        const prefix = `${side}/${keyText}/`
        for (const [place, { value, matched }] of state.entries<Waiting>(prefix)) {
          const time = timeAt(place, prefix.length)
          if (over(time) > due) {
            next = Math.min(next, over(time))
            break
          }
          state.delete(place)
          if (alone[side] && !matched) out.emit({ key, value: pair(side, value, undefined) }, { time })
        }
      }
      if (next < Infinity) context.timers.set(keyText, next)
    },
  }
}
