import type { State } from '@heddle/core'
import { type OperatorFactory, roleOf } from './operator.ts'

/** The rows of another table, each through `map`. */
export const mapTableOperator: OperatorFactory = (component, code) => {
  const map = roleOf<(row: unknown) => unknown>(component, code, 'map')
  return {
    execute(tuple, out) {
      const { key, value } = tuple.values
      out.emit({ key, value: value === undefined || value === null ? null : map(value) })
    },
  }
}

/**
 * Some rows of another table.
 *
 * ```
 * state: <key as JSON>  →  1: it has the row, so that it has to be deleted when it is no longer one of them
 * ```
 */
export const filterTableOperator: OperatorFactory = (component, code) => {
  const predicate = roleOf<(row: unknown) => boolean>(component, code, 'predicate')
  let state: State
  return {
    open(opened) {
      state = opened.state
    },
    execute(tuple, out) {
      const { key, value } = tuple.values
      const place = JSON.stringify(key)
      const had = state.get(place) !== undefined
      const has = value !== undefined && value !== null && predicate(value)
      if (has) {
        if (!had) state.put(place, 1)
        out.emit({ key, value })
      } else if (had) {
        state.delete(place)
        out.emit({ key, value: null })
      }
    },
  }
}

/**
 * Joins two tables.
 *
 * ```
 * state: <side, 'l' or 'r'> '/' <key as JSON>  →  the row of that side
 *        'j/' <key as JSON>                    →  1: the result has a row
 * ```
 */
export const joinTablesOperator: OperatorFactory = (component, code) => {
  const join = roleOf<(left: unknown, right: unknown) => unknown>(component, code, 'join')
  const type = component.config['type'] as 'inner' | 'left' | 'outer'
  const left = component.inputs[0]!
  let state: State
  return {
    open(opened) {
      state = opened.state
    },
    execute(tuple, out) {
      const { key, value } = tuple.values
      const place = JSON.stringify(key)
      const side = tuple.component === left.from && tuple.stream === left.stream ? 'l' : 'r'
      state.put(`${side}/${place}`, value ?? undefined)
      const l = state.get(`l/${place}`)
      const r = state.get(`r/${place}`)
      const joins =
        type === 'inner'
          ? l !== undefined && r !== undefined
          : type === 'left'
            ? l !== undefined
            : l !== undefined || r !== undefined
      const row = joins ? (join(l, r) ?? undefined) : undefined
      const had = state.get(`j/${place}`) !== undefined
      if (row === undefined && !had) return
      if (row === undefined) state.delete(`j/${place}`)
      else if (!had) state.put(`j/${place}`, 1)
      out.emit({ key, value: row ?? null })
    },
  }
}
