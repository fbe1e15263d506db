import type { GroupInfo, Log, Plan, TopologyShare } from '@heddle/core'
import { readRecord } from '../local/plan-record.ts'
import { hasTopic, repartitionTopic, stageGroup, stagesOf } from './stages.ts'

/** Who has which partition of a topology's work, and how much is left to be done of it. */
export async function sharesOf(log: Log, plan: Plan): Promise<readonly TopologyShare[]> {
  const { partitions } = readRecord(await log.store(plan.name)) ?? {}
  const groups = await log.listGroups()
  const shares: TopologyShare[] = []
  const inputs = plan.components
    .filter(({ operator }) => operator === 'topic')
    .map(({ config }) => config['topic'] as string)
  for (const topic of new Set(inputs))
    shares.push(...(await sharesOfTopic(log, topic, find(groups, plan.name), undefined)))
  for (const { id } of partitions === undefined ? [] : stagesOf(plan, partitions)) {
    if (!hasTopic({ id })) continue
    const group = find(groups, stageGroup(plan.name, id))
    shares.push(...(await sharesOfTopic(log, repartitionTopic(plan.name, id), group, id)))
  }
  return shares
}

const find = (groups: readonly GroupInfo[], name: string): GroupInfo | undefined =>
  groups.find(({ group }) => group === name)

async function sharesOfTopic(
  log: Log,
  topic: string,
  group: GroupInfo | undefined,
  stage: string | undefined,
): Promise<readonly TopologyShare[]> {
  if (!(await log.describeTopic(topic))) return []
  return (await log.partitions(topic)).map(({ partition, earliest, latest }) => {
    const holder = group?.members.find(({ assignment }) =>
      assignment.some((place) => place.topic === topic && place.partition === partition),
    )
    const committed = group?.offsets.find((place) => place.topic === topic && place.partition === partition)
    return {
      topic,
      partition,
      ...(stage !== undefined && { stage }),
      ...(holder && { instance: holder.member }),
      lag: Math.max(0, latest - Math.max(earliest, committed?.offset ?? 0)),
    }
  })
}
