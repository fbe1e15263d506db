import { type OperatorFactory, isThenable, roleOf } from './operator.ts'

/** The parts of each element. */
export const splitOperator: OperatorFactory = (component, code) => {
  const parts = roleOf<(value: unknown) => readonly unknown[] | Promise<readonly unknown[]>>(
    component,
    code,
    'parts',
  )
  return {
    execute(tuple, out) {
      const emitAll = (all: readonly unknown[]): void => {
        const group = tuple.derivedId(component.id)
        for (const [index, part] of all.entries())
          out.emit({ value: { part, group, index, size: all.length } })
        if (all.length === 0) out.count('dropped')
      }
      const result = parts(tuple.values['value'])
      if (isThenable(result)) return result.then(emitAll)
      emitAll(result)
      return undefined
    },
  }
}
