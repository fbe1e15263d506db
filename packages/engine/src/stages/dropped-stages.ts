import type { Log, Plan } from '@heddle/core'
import { runStore } from './share.ts'
import { repartitionTopic, spoutsStage, stageGroup, stagesOf, topicsStage } from './stages.ts'

/** Stages with a repartition topic that a plan has. */
export const stageIds = (plan: Plan, partitions: number | undefined): readonly string[] =>
  partitions === undefined
    ? []
    : stagesOf(plan, partitions)
        .map(({ id }) => id)
        .filter((id) => id !== topicsStage && id !== spoutsStage)

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
  const left: string[] = []
  for (const id of stages) {
    const topic = repartitionTopic(topology, id)
    const name = stageGroup(topology, id)
    const group = (await log.listGroups()).find((each) => each.group === name)
    if ((group?.members.length ?? 0) > 0 || (await isLeft(log, topic, group?.offsets ?? []))) {
      left.push(id)
      continue
    }
    if (group) await log.deleteGroup(name)
    if (await log.describeTopic(topic)) await log.deleteTopic(topic)
    for (let at = 0; at < partitions; at++) await log.deleteStore(runStore(topology, id, at))
  }
  return left
}

async function isLeft(
  log: Log,
  topic: string,
  offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[],
): Promise<boolean> {
  if (!(await log.describeTopic(topic))) return false
  for (const { partition, earliest, latest } of await log.partitions(topic)) {
    const committed =
      offsets.find((each) => each.topic === topic && each.partition === partition)?.offset ?? 0
    const offset = Math.max(committed, earliest)
    // What is behind the last record of a partition may be no record, but the mark of a transaction.
    if (offset < latest && (await log.read([{ topic, partition, offset }])).length > 0) return true
  }
  return false
}
