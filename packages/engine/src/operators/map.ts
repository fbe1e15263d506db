import { type OperatorFactory, isThenable, roleOf } from './operator.ts'

/** One element for each, from `map(value)`. */
export const mapOperator: OperatorFactory = (component, code) => {
  const map = roleOf<(value: unknown) => unknown>(component, code, 'map')
  return {
    execute(tuple, out) {
      const result = map(tuple.values['value'])
      if (isThenable(result)) return Promise.resolve(result).then((value) => out.emit({ value }))
      out.emit({ value: result })
      return undefined
    },
  }
}
