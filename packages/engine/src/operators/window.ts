import type { Key, PlanComponent, State, Windowed } from '@heddle/core'
import { type OperatorContext, type OperatorFactory, roleOf } from './operator.ts'

interface WindowConfig {
  readonly sizeMs: number
  readonly graceMs: number
  readonly emit: 'final' | 'updates'
  readonly aggregate: 'count' | 'custom'
}

/** Makes the ends of windows sort as text, also those before 1970. */
const epoch = 1e15

/**
 * Gathers the elements of each key in tumbling windows of event time.
 *
 * ```
 * state: <end of window + 10^15, 16 digits> '/' <key as JSON>  →  the aggregate
 * ```
 *
 * The tasks of a component share its state, so that the first task closes the windows of all: in order of their ends.
 */
export const windowOperator: OperatorFactory = (component, code, topology) => {
  const { sizeMs, graceMs, emit, aggregate } = component.config as unknown as WindowConfig
  const [init, add] =
    aggregate === 'count'
      ? [() => 0, (count: unknown) => (count as number) + 1]
      : customAggregate(component, code)
  let context: OperatorContext
  let state: State
  /** Number of the last window that was closed. */
  let closed = -Infinity

  const result = (key: Key, end: number, value: unknown): Windowed<Key, unknown> => ({
    key,
    window: { start: end - sizeMs, end },
    value,
  })

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const key = tuple.values['key'] as Key
      const end = (Math.floor(tuple.time / sizeMs) + 1) * sizeMs
      if (end + graceMs <= context.watermark()) return out.count('late')
      const place = `${end + epoch}/${JSON.stringify(key)}`
      const value = add(state.get(place) ?? init(), tuple.values['value'])
      state.put(place, value)
      if (emit === 'updates') out.emit({ key, value: result(key, end, value) })
    },
    watermark(time, out) {
      const closing = Math.floor((time - graceMs) / sizeMs)
      if (context.index !== 0 || closing === closed) return
      closed = closing
      for (const [place, value] of state.entries()) {
        const end = Number(place.slice(0, 16)) - epoch
        if (end + graceMs > time) break
        const keyText = place.slice(17)
        const key = JSON.parse(keyText) as Key
        if (emit === 'final') {
          const origin = `${topology}:${component.id}:${keyText}:${end - sizeMs}`
          // The last moment of the window: a window after this one puts it where it belongs.
          out.emit({ key, value: result(key, end, value) }, { time: end - 1, origin })
        }
        state.delete(place)
      }
    },
  }
}

type Aggregate = readonly [init: () => unknown, add: (value: unknown, element: unknown) => unknown]

const customAggregate = (component: PlanComponent, code: Readonly<Record<string, unknown>>): Aggregate => [
  roleOf<() => unknown>(component, code, 'init'),
  roleOf<(value: unknown, element: unknown) => unknown>(component, code, 'add'),
]
