import type { Plan, PlanComponent } from '@heddle/core'

/**
 * The consumer group of a spout: that of the topology, as on the local engine, so that each goes on where the other has stopped.
 * Where several spouts read the same topic, each needs all of it, and has a group of its own.
 */
export function groupOf({ name, components }: Plan, { id, config }: PlanComponent): string {
  const same = components.filter(
    (each) => each.operator === 'topic' && each.config['topic'] === config['topic'],
  )
  return same.length > 1 ? `${name}/${id}` : name
}

/** The groups of all spouts of a plan that read topics. */
export const groupsOf = (plan: Plan): ReadonlySet<string> =>
  new Set(
    plan.components
      .filter(({ operator }) => operator === 'topic')
      .map((component) => groupOf(plan, component)),
  )
