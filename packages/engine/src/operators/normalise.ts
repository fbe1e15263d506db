import { choose, named } from './named-code.ts'
import { type OperatorFactory, isThenable, roleOf } from './operator.ts'

/** Each element through the function that is named for it. */
export const normaliseOperator: OperatorFactory = (component, code) => {
  const of = roleOf<(value: unknown) => string>(component, code, 'of')
  const shapes = named(component, code, 'shapes')
  return {
    execute({ values: { value } }, out) {
      const result = choose(shapes, of(value), component, 'shape')(value)
      if (isThenable(result)) return Promise.resolve(result).then((made) => out.emit({ value: made }))
      out.emit({ value: result })
      return undefined
    },
  }
}
