import { type OperatorFactory, isThenable, roleOf } from './operator.ts'

/** Any number of elements for each, from the iterable of `map(value)`. */
export const flatMapOperator: OperatorFactory = (component, code) => {
  const map = roleOf<(value: unknown) => Iterable<unknown> | Promise<Iterable<unknown>>>(
    component,
    code,
    'map',
  )
  return {
    execute(tuple, out) {
      const emitAll = (values: Iterable<unknown>): void => {
        for (const value of values) out.emit({ value })
      }
      const result = map(tuple.values['value'])
      if (isThenable(result)) return result.then(emitAll)
      emitAll(result)
      return undefined
    },
  }
}
