/**
 * A group's committed offsets, as Kafka asks for and gives them.
 *
 * @module
 */
import type { CommittedOffset } from '@heddle/core'
import { offsetFetchV8 } from '@platformatic/kafka'
import type { Cluster } from '../client/cluster.ts'
import { errorOf } from '../errors.ts'

/** Offsets as requests name them. */
export function offsetTopics(offsets: readonly CommittedOffset[]) {
  return [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition, offset, metadata }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: metadata ?? null,
    })),
  }))
}

/**
 * A group's offsets, once no transaction that changes them is open, unless `stable` is false.
 * @param partitions `null` for all that it has.
 * @throws KafkaError
 */
export async function fetchOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly { readonly topic: string; readonly partition: number }[] | null,
  stable = true,
): Promise<CommittedOffset[]> {
  const topics =
    partitions === null
      ? null
      : [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
          name,
          partitionIndexes: ofTopic.map(({ partition }) => partition),
        }))
  const answer = await cluster.requestCoordinator(
    'group',
    group,
    'admin',
    offsetFetchV8.api,
    [{ groupId: group, memberEpoch: -1, topics }],
    stable,
  )
  const found = answer.groups[0]!
  const check = (code: number): void => {
    const error = errorOf(code)
    if (error === undefined || error.id === 'GROUP_ID_NOT_FOUND') return
    if (error.id !== 'UNSTABLE_OFFSET_COMMIT' && error.retryable) cluster.forgetCoordinator('group', group)
    throw error
  }
  check(found.errorCode)
  const offsets: CommittedOffset[] = []
  for (const { name, partitions: ofTopic } of found.topics)
    for (const { partitionIndex, committedOffset, metadata, errorCode } of ofTopic) {
      check(errorCode)
      if (committedOffset < 0n) continue
      const offset = { topic: name, partition: partitionIndex, offset: Number(committedOffset) }
      offsets.push(
        metadata === null || metadata === undefined || metadata === '' ? offset : { ...offset, metadata },
      )
    }
  return offsets.sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  )
}
