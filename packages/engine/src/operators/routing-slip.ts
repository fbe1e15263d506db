import { choose, named } from './named-code.ts'
import { type OperatorFactory, roleOf } from './operator.ts'

/** Each element through the steps that are named for it, in their order. */
export const routingSlipOperator: OperatorFactory = (component, code) => {
  const slip = roleOf<(value: unknown) => readonly string[]>(component, code, 'slip')
  const steps = named(component, code, 'steps')
  return {
    async execute({ values }, out) {
      let { value } = values
      for (const name of slip(value)) value = await choose(steps, name, component, 'step')(value)
      out.emit({ value })
    },
  }
}
