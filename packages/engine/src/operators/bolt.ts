import type { Bolt, BoltCode } from '@heddle/core'
import type { OperatorFactory } from './operator.ts'

/** The user's own bolt: a function, an object that the tasks share, or a factory that gives each task its own. */
export const boltOperator: OperatorFactory = (component, code) => {
  const bolt = code['bolt'] as BoltCode | undefined
  if (typeof bolt === 'function') return { execute: bolt }
  if (bolt === undefined) throw new TypeError(`'${component.id}' has no code 'bolt'`)
  return 'create' in bolt ? bolt.create() : (bolt satisfies Bolt)
}
