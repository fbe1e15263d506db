import {
  type DeployOptions,
  HeddleError,
  type Plan,
  type PlanConflict,
  type PlanDiff,
  diffPlans,
  stateLayout,
} from '@heddle/core'

/**
 * What is between the plan that runs on Storm and the one that takes its place.
 *
 * @throws HEDDLE_UPGRADE_INCOMPATIBLE with every reason; HEDDLE_ENGINE_UNSUPPORTED for what `options` ask and Storm has not: stores
 * are those of tasks by the name of their component.
 */
export function upgradeOnStorm(before: Plan, after: Plan, options: DeployOptions): PlanDiff {
  const { renamed = {}, dropState = [] } = options
  if (Object.keys(renamed).length > 0 || dropState.length > 0)
    throw new HeddleError(
      'HEDDLE_ENGINE_UNSUPPORTED',
      `'${after.name}': on Storm, state is neither renamed nor dropped`,
    )
  const diff = diffPlans(before, after)
  const conflicts = [...diff.conflicts, ...spreadConflicts(before, after)]
  if (conflicts.length > 0)
    throw new HeddleError(
      'HEDDLE_UPGRADE_INCOMPATIBLE',
      `'${after.name}': ${conflicts.map(({ message }) => message).join('; ')}`,
    )
  return diff
}

/** Which key is where depends on the number of tasks. */
function spreadConflicts(before: Plan, after: Plan): readonly PlanConflict[] {
  return after.components.flatMap((component) => {
    const { id, parallelism } = component
    const was = before.components.find((each) => each.id === id)
    if (!was || was.parallelism === parallelism || stateLayout(component) === undefined) return []
    const message = `'${id}' keeps state, and has ${was.parallelism} tasks on Storm: it cannot have ${parallelism}`
    return [{ component: id, message }]
  })
}
