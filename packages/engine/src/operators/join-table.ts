import type { State } from '@heddle/core'
import { type OperatorFactory, roleOf } from './operator.ts'

/**
 * Joins a stream to a table.
 *
 * ```
 * state: <key as JSON>  →  the row
 * ```
 */
export const joinTableOperator: OperatorFactory = (component, code) => {
  const join = roleOf<(value: unknown, row: unknown) => unknown>(component, code, 'join')
  const inner = component.config['type'] === 'inner'
  const [stream] = component.inputs
  let state: State
  return {
    open(opened) {
      state = opened.state
    },
    execute(tuple, out) {
      const { key, value } = tuple.values
      const place = JSON.stringify(key)
      if (tuple.component !== stream!.from || tuple.stream !== stream!.stream)
        return state.put(place, value ?? undefined)
      const row = state.get(place)
      if (row === undefined && inner) return out.count('dropped')
      out.emit({ key, value: join(value, row) })
    },
  }
}
