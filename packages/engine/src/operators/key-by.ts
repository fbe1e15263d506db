import type { Key } from '@heddle/core'
import { type OperatorFactory, roleOf } from './operator.ts'

/** Puts `key(value)` beside each element; who takes them groups by it. */
export const keyByOperator: OperatorFactory = (component, code) => {
  const keyOf = roleOf<(value: unknown) => Key>(component, code, 'key')
  return {
    execute(tuple, out) {
      const { value } = tuple.values
      const key = keyOf(value)
      if (typeof key !== 'string' && typeof key !== 'number' && typeof key !== 'boolean')
        throw new TypeError(
          `the key of '${component.id}' must be a string, a number or a boolean, and is ${key === null ? 'null' : typeof key}`,
        )
      out.emit({ key, value })
    },
  }
}
