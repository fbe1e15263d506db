import type { Plan, PlanComponent } from '@heddle/core'
import { outputsTopic, withOutputs } from './outputs.ts'
import { isForeign } from './plain-tuples.ts'

/**
 * The consumer group of a spout: that of the topology, as on the local engine, so that each goes on where the other has stopped.
 * Where several spouts read the same topic, each needs all of it, and has a group of its own; so has a user's spout, to be seen by.
 */
export function groupOf({ name, components }: Plan, { id, operator, config }: PlanComponent): string {
  if (operator !== 'topic') return `${name}/${id}`
  const same = components.filter(
    (each) => each.operator === 'topic' && each.config['topic'] === config['topic'],
  )
  return same.length > 1 ? `${name}/${id}` : name
}

/** The groups of all spouts of a plan, and of those that read outputs; those that Storm runs itself have none. */
export function groupsOf({
  plan,
  transactional,
}: {
  readonly plan: Plan
  readonly transactional: readonly string[]
}): ReadonlySet<string> {
  const spouts = plan.components.filter((component) => component.kind === 'spout' && !isForeign(component))
  return new Set([
    ...spouts.map((component) => groupOf(plan, component)),
    ...withOutputs(plan, transactional).map(({ id }) => outputsTopic(plan.name, id)),
  ])
}
