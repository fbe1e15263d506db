/**
 * The outputs of a transactional component: records of a topic, one partition for each task, which a spout of ours emits to the
 * components that take from it. On Storm that spout stands where the component would.
 *
 * @module
 */
import type { Plan, PlanComponent } from '@heddle/core'

const suffix = '~outputs'

/** Id of the spout on Storm. No component of a plan has such a name. */
export const outputsSpout = (component: string): string => `${component}${suffix}`

/** The component that such a spout stands for; `undefined` for the name of another. */
export const outputsOf = (id: string): string | undefined =>
  id.endsWith(suffix) ? id.slice(0, -suffix.length) : undefined

/** The topic, and the group that its spout reads it in. */
export const outputsTopic = (topology: string, component: string): string =>
  `${topology}.${component}.outputs`

/** Components that take from another. */
export const takersOf = ({ components }: Plan, id: string): readonly PlanComponent[] =>
  components.filter(({ inputs }) => inputs.some(({ from }) => from === id))

/** Transactional components whose outputs somebody takes. */
export const withOutputs = (plan: Plan, transactional: Iterable<string>): readonly PlanComponent[] => {
  const ids = new Set(transactional)
  return plan.components.filter(({ id }) => ids.has(id) && takersOf(plan, id).length > 0)
}

/** The topics of their outputs. */
export const outputsTopics = (
  plan: Plan,
  transactional: Iterable<string>,
): readonly { readonly name: string; readonly partitions: number }[] =>
  withOutputs(plan, transactional).map(({ id, parallelism }) => ({
    name: outputsTopic(plan.name, id),
    partitions: parallelism,
  }))
