import { HeddleError, type Plan, type RebalanceOptions } from '@heddle/core'

/** What a rebalance on Storm changes. */
export interface StormRebalanceOptions extends RebalanceOptions {
  /** Workers (JVMs) that the tasks are spread over. Default: as many as now. */
  readonly workers?: number
}

/**
 * Refuses a rebalance that Storm cannot do: it spreads tasks over executors (threads) and workers, and their number is fixed when
 * a topology is submitted. Asked for more executors than tasks, it would silently take as many as there are tasks.
 *
 * @throws HEDDLE_TOPOLOGY_INVALID for a component that there is not; HEDDLE_ENGINE_UNSUPPORTED with the reason.
 */
export function checkRebalance(
  { name, components }: Plan,
  executors: Readonly<Record<string, number>>,
  { threads, workers }: StormRebalanceOptions,
): void {
  if (threads !== undefined)
    throw refused(`'${name}' runs in processes, and not in threads of a host: give workers`)
  if (workers !== undefined && !(Number.isInteger(workers) && workers > 0))
    throw refused(`'${name}' cannot run in ${workers} workers`)
  for (const [id, wanted] of Object.entries(executors)) {
    const component = components.find((each) => each.id === id)
    if (!component) throw new HeddleError('HEDDLE_TOPOLOGY_INVALID', `'${name}' has no component '${id}'`)
    const { parallelism } = component
    if (!Number.isInteger(wanted) || wanted < 1) throw refused(`'${id}' cannot run in ${wanted} executors`)
    if (wanted > parallelism)
      throw refused(
        `'${id}' has ${parallelism === 1 ? 'one task' : `${parallelism} tasks`}, which is fixed from the submit on, so ${wanted} executors would have nothing to run: deploy it with another parallelism`,
      )
  }
}

const refused = (detail: string): HeddleError => new HeddleError('HEDDLE_ENGINE_UNSUPPORTED', detail)
