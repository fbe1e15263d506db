import { HeddleError, type Log, type Plan } from '@heddle/core'
import type { Settings } from '../local/options.ts'
import { readRecord } from '../local/plan-record.ts'
import { hasStages } from './stages.ts'

/**
 * How many shares the keys of a topology are cut into: as many as they were, when it ran before. `undefined` where it runs in one
 * place, or has nothing to be cut.
 *
 * @throws HEDDLE_UPGRADE_INCOMPATIBLE when another number is asked for than its state has.
 */
export async function keyPartitionsOf(
  log: Log,
  plan: Plan,
  { keyPartitions }: Settings,
): Promise<number | undefined> {
  if (!hasStages(plan)) return undefined
  const record = readRecord(await log.store(plan.name))
  const wished = keyPartitions === 'auto' ? await mostPartitions(log, plan) : keyPartitions
  if (!record || !hasStages(record.plan)) return wished > 1 ? wished : undefined
  const { partitions } = record
  if (keyPartitions !== 'auto' && keyPartitions !== 1 && keyPartitions !== partitions)
    throw new HeddleError(
      'HEDDLE_UPGRADE_INCOMPATIBLE',
      `the state of '${plan.name}' is ${partitions === undefined ? 'in one place' : `cut into ${partitions} shares`}, ` +
        `and keyPartitions is ${keyPartitions}: leave it as it was, or give the topology another name and read its topics anew`,
    )
  return partitions
}

const mostPartitions = async (log: Log, plan: Plan): Promise<number> =>
  Math.max(1, ...(await inputPartitions(log, plan)).values())

/** How many partitions each input topic has. */
export async function inputPartitions(log: Log, plan: Plan): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  for (const { operator, config } of plan.components) {
    if (operator !== 'topic') continue
    const topic = config['topic'] as string
    const info = await log.describeTopic(topic)
    if (info) found.set(topic, info.partitions)
  }
  return found
}
