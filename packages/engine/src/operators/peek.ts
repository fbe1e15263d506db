import { type OperatorFactory, isThenable, roleOf } from './operator.ts'

/** Calls `look(value)`, and emits the value. */
export const peekOperator: OperatorFactory = (component, code) => {
  const look = roleOf<(value: unknown) => unknown>(component, code, 'look')
  return {
    execute({ values: { value } }, out) {
      const result = look(value)
      if (isThenable(result)) return Promise.resolve(result).then(() => out.emit({ value }))
      out.emit({ value })
      return undefined
    },
  }
}
