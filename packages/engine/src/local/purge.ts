import { HeddleError, type Log } from '@heddle/core'
import { outboxTopic } from '../operators/sink.ts'
import { runStore } from '../stages/share.ts'
import { repartitionTopic, stageGroup, stagesOf } from '../stages/stages.ts'
import { type PlanRecord, readRecord, storeName, storesWith } from './plan-record.ts'

/**
 * Deletes all that a log keeps of a topology that runs nowhere: state, offsets, what is on its way between its stages and to its sinks, and
 * which versions ran. What it has put out stays, and so do its dead letters. It may fail on the way: the next call goes on.
 *
 * @throws HEDDLE_LOG_GROUP_ACTIVE when it still runs in another process; then nothing is deleted.
 */
export async function purge(log: Log, name: string): Promise<void> {
  const record = readRecord(await log.store(name))
  if (record) {
    const groups = groupsOf(record)
    const known = (await log.listGroups()).filter(({ group }) => groups.includes(group))
    const active = known.find(({ members }) => members.length > 0)
    if (active)
      throw new HeddleError('HEDDLE_LOG_GROUP_ACTIVE', `'${name}' still runs in another process`, {
        info: { group: active.group },
      })
    for (const { group } of known) await log.deleteGroup(group)
    for (const topic of topicsOf(record)) if (await log.describeTopic(topic)) await log.deleteTopic(topic)
    for (const store of storesOf(record)) await log.deleteStore(store)
  }
  // Last, since it says what there is.
  await log.deleteStore(name)
}

const stages = ({ plan, partitions }: PlanRecord) =>
  partitions === undefined ? [] : stagesOf(plan, partitions)

const sinksOf = ({ plan, droppedOutboxes }: PlanRecord): readonly string[] => [
  ...plan.components.filter(({ operator }) => operator === 'sink').map(({ id }) => id),
  ...droppedOutboxes,
]

function groupsOf(record: PlanRecord): readonly string[] {
  const { name } = record.plan
  return [
    name,
    `${name}.seat`,
    ...stages(record).map(({ id }) => stageGroup(name, id)),
    ...sinksOf(record).map((id) => `${name}.${id}`),
  ]
}

function topicsOf(record: PlanRecord): readonly string[] {
  const { name } = record.plan
  return [
    ...stages(record).map(({ id }) => repartitionTopic(name, id)),
    ...sinksOf(record).map((id) => outboxTopic(name, id)),
  ]
}

function storesOf(record: PlanRecord): readonly string[] {
  const { plan, partitions = 0, droppedStores } = record
  const shares = Array.from({ length: partitions }, (_, at) => at)
  const states = [...plan.components.map(({ id }) => storeName(record, plan.name, id)), ...droppedStores]
  return [
    ...storesWith(states, partitions),
    ...stages(record).flatMap(({ id }) => [0, ...shares].map((at) => runStore(plan.name, id, at))),
  ]
}
