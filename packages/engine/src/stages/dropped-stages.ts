import type { Log, Plan } from '@heddle/core'
import { hasUnread } from '../local/has-unread.ts'
import { runStore } from './share.ts'
import { hasTopic, repartitionTopic, stageGroup, stagesOf } from './stages.ts'

/** Stages with a repartition topic that a plan has. */
export const stageIds = (plan: Plan, partitions: number | undefined): readonly string[] =>
  partitions === undefined
    ? []
    : stagesOf(plan, partitions)
        .filter(hasTopic)
        .map(({ id }) => id)

/**
 * Deletes what stages have left that no version has any more: topic, group and times. Where another process still runs an older version,
 * or something has not arrived, all of it stays.
 *
 * @returns Those that are left.
 */
export async function deleteStages(
  log: Log,
  topology: string,
  stages: readonly string[],
  partitions: number,
): Promise<readonly string[]> {
  if (stages.length === 0) return []
  const groups = await log.listGroups()
  const left: string[] = []
  for (const id of stages) {
    const topic = repartitionTopic(topology, id)
    const name = stageGroup(topology, id)
    const group = groups.find((each) => each.group === name)
    if ((group?.members.length ?? 0) > 0 || (await hasUnread(log, topic, group))) {
      left.push(id)
      continue
    }
    if (group) await log.deleteGroup(name)
    if (await log.describeTopic(topic)) await log.deleteTopic(topic)
    for (let at = 0; at < partitions; at++) await log.deleteStore(runStore(topology, id, at))
  }
  return left
}
