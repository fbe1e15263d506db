import type { ComponentCode, PlanComponent } from '@heddle/core'
import { roleOf } from './operator.ts'

type Step = (value: unknown) => unknown

/** The functions that a component's config names in `list`. */
export function named(
  component: PlanComponent,
  code: ComponentCode,
  list: string,
): ReadonlyMap<string, Step> {
  const names = component.config[list] as readonly string[]
  return new Map(names.map((name) => [name, roleOf<Step>(component, code, `:${name}`)]))
}

/** @throws RangeError when there is none of that name. */
export function choose(
  steps: ReadonlyMap<string, Step>,
  name: string,
  component: PlanComponent,
  what: string,
): Step {
  const found = steps.get(name)
  if (found) return found
  throw new RangeError(
    `'${component.id}' has no ${what} '${name}'; there are ${[...steps.keys()].join(', ')}`,
  )
}
