import { HeddleError, type Log, type Plan, type StatePage, type StateQuery, didYouMean } from '@heddle/core'
import { stateStore } from './plan-record.ts'

const decoder = new TextDecoder()

/** One page of a component's committed state. @throws HEDDLE_TOPOLOGY_INVALID when there is no such component. */
export async function queryState(log: Log, plan: Plan, query: StateQuery): Promise<StatePage> {
  const { component, prefix = '', after, limit = 100 } = query
  const ids = plan.components.map(({ id }) => id)
  if (!ids.includes(component))
    throw new HeddleError(
      'HEDDLE_TOPOLOGY_INVALID',
      `'${plan.name}' has no component '${component}'${didYouMean(component, ids)}`,
    )
  const store = await stateStore(log, plan.name, component)
  const from = after === undefined || after < prefix ? prefix : `${after}\u0000`
  const entries: StatePage['entries'][number][] = []
  for (const [key, value] of store.entries({ gte: from, limit: limit + 1 })) {
    if (!key.startsWith(prefix)) break
    if (entries.length === limit) return { entries, next: entries.at(-1)!.key }
    entries.push({ key, value: JSON.parse(decoder.decode(value)) as unknown })
  }
  return { entries }
}
