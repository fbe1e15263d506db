import { HeddleError, type Log, type Plan, type StatePage, type StateQuery, didYouMean } from '@heddle/core'
import { byBytes } from '../state/component-state.ts'
import { stateStores } from './plan-record.ts'

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
  const stores = await stateStores(log, plan.name, component)
  const from = after === undefined || after < prefix ? prefix : `${after}\u0000`
  const found: [key: string, value: Uint8Array][] = []
  for (const store of stores)
    for (const [key, value] of store.entries({ gte: from, limit: limit + 1 })) {
      if (!key.startsWith(prefix)) break
      found.push([key, value])
    }
  if (stores.length > 1) found.sort(([a], [b]) => byBytes(a, b))
  const entries = found
    .slice(0, limit)
    .map(([key, value]) => ({ key, value: JSON.parse(decoder.decode(value)) as unknown }))
  return found.length > limit ? { entries, next: entries.at(-1)!.key } : { entries }
}
