import type { State } from '@heddle/core'
import { type OperatorContext, type OperatorFactory, roleOf } from './operator.ts'

/** Makes generations sort as text, also those before 1970: they get 16 digits each. */
const epoch = 5e15

/** How many old entries one pass removes at most: keeps each commit short. */
const maxSwept = 5000

/**
 * Drops elements whose key came before within `withinMs` of event time (idempotent consumer).
 *
 * ```
 * state: <generation + 5·10^15, 16 digits> '/' <key as JSON>  →  event time of the element, in milliseconds
 * ```
 *
 * A generation is `withinMs` long, so that a key has to be looked for in three of them, and old ones can be swept away
 * without an index. Several tasks share the state; the first one sweeps.
 */
export const dedupeOperator: OperatorFactory = (component, code) => {
  const keyOf = roleOf<(value: unknown) => unknown>(component, code, 'by')
  const withinMs = Math.max(1, component.config['withinMs'] as number)
  let context: OperatorContext
  let state: State
  /** Number of the oldest generation that may have entries. */
  let oldest = -Infinity

  const seen = (generation: number, key: string, time: number): boolean => {
    const before = state.get<number>(`${generation + epoch}/${key}`)
    return before !== undefined && Math.abs(time - before) < withinMs
  }

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const { value } = tuple.values
      const key = JSON.stringify('key' in tuple.values ? tuple.values['key'] : keyOf(value))
      const { time } = tuple
      const generation = Math.floor(time / withinMs)
      if (seen(generation, key, time) || seen(generation - 1, key, time) || seen(generation + 1, key, time)) {
        return out.count('dropped')
      }
      state.put(`${generation + epoch}/${key}`, time)
      out.emit({ value })
    },
    wakeAt() {
      for (const [place] of state.entries()) return (Number(place.slice(0, 16)) - epoch + 2) * withinMs
      return Infinity
    },
    watermark(time) {
      const kept = Math.floor(time / withinMs) - 1
      if (!context.leads || oldest === kept) return
      let left = maxSwept
      for (const [place] of state.entries()) {
        if (Number(place.slice(0, 16)) - epoch >= kept) break
        if (left-- === 0) return
        state.delete(place)
      }
      oldest = kept
    },
  }
}
