import type { EmitOptions } from '@heddle/core'
import { type OperatorFactory, roleOf } from './operator.ts'

interface BranchConfig {
  readonly name: string
  readonly otherwise?: true
}

/** Content-based router: each element goes to the first branch whose predicate is true for it. */
export const routeOperator: OperatorFactory = (component, code) => {
  const configured = component.config['branches'] as unknown as readonly BranchConfig[]
  const branches = configured
    .filter(({ otherwise }) => otherwise !== true)
    .map(({ name }) => ({
      matches: roleOf<(value: unknown) => boolean>(component, code, name),
      to: { stream: name },
    }))
  const rest = configured.find(({ otherwise }) => otherwise === true)
  const toRest: EmitOptions | undefined = rest && { stream: rest.name }
  return {
    execute(tuple, out) {
      const { value } = tuple.values
      for (const { matches, to } of branches) if (matches(value)) return out.emit({ value }, to)
      if (toRest) out.emit({ value }, toRest)
      else out.count('dropped')
    },
  }
}
