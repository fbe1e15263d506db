import type { Plan, PlanComponent } from '@heddle/core'
import type { JavaConfig } from './java-object.ts'

/** What of the configuration of a component is only true on the machine that submits: folders and files there. */
const local: Readonly<Record<string, readonly string[]>> = { shell: ['cwd'], java: ['jars'] }

/**
 * A plan without paths of this machine: what is submitted, and compared with the plan of the bundle, which is made where there is
 * nothing at these paths.
 */
export const portable = (plan: Plan): Plan => ({ ...plan, components: plan.components.map(withoutPaths) })

function withoutPaths(component: PlanComponent): PlanComponent {
  const names = local[component.operator]
  if (!names) return component
  const kept = Object.entries(component.config).filter(([name]) => !names.includes(name))
  return { ...component, config: Object.fromEntries(kept) }
}

/** Paths of all jars that components in Java name. */
export const jarsOf = ({ components }: Plan): readonly string[] => [
  ...new Set(
    components
      .filter(({ operator }) => operator === 'java')
      .flatMap(({ config }) => (config as unknown as JavaConfig).jars),
  ),
]
