import { type OperatorFactory, roleOf } from './operator.ts'

/** Lets through what `predicate(value)` is true for. */
export const filterOperator: OperatorFactory = (component, code) => {
  const predicate = roleOf<(value: unknown) => boolean>(component, code, 'predicate')
  return {
    execute(tuple, out) {
      const { value } = tuple.values
      if (predicate(value)) out.emit({ value })
    },
  }
}
