import type { TopicPartition } from '@heddle/core'
import { describeProducersV0 } from '@platformatic/kafka'
import type { Cluster } from '../client/cluster.ts'
import { KafkaError, errorOf } from '../errors.ts'

const offsetsTopic = '__consumer_offsets'

export interface OpenTransaction extends TopicPartition {
  readonly producerId: bigint
}

/**
 * The open transactions of partitions, as their leaders have them; none of a topic that may not be looked at, or was deleted.
 * @throws KafkaError when a partition has no leader now.
 */
export async function openTransactions(
  cluster: Cluster,
  lane: string,
  places: readonly TopicPartition[],
): Promise<OpenTransaction[]> {
  const byLeader = new Map<number, TopicPartition[]>()
  for (const place of places) {
    const leader = await cluster.leader(place.topic, place.partition)
    const others = byLeader.get(leader)
    if (others === undefined) byLeader.set(leader, [place])
    else others.push(place)
  }
  const found = await Promise.all(
    [...byLeader].map(async ([leader, some]) => {
      const topics = [...Map.groupBy(some, ({ topic }) => topic)].map(([name, ofTopic]) => ({
        name,
        partitionIndexes: [...new Set(ofTopic.map(({ partition }) => partition))],
      }))
      const answer = await cluster.request(leader, lane, describeProducersV0.api, topics)
      const open: OpenTransaction[] = []
      for (const { name, partitions } of answer.topics)
        for (const { partitionIndex, errorCode, activeProducers } of partitions) {
          const error = errorOf(errorCode)
          if (error?.retryable === true) {
            cluster.forgetTopic(name)
            if (error.id !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
          }
          for (const { producerId, currentTxnStartOffset } of activeProducers)
            if (currentTxnStartOffset >= 0n) open.push({ topic: name, partition: partitionIndex, producerId })
        }
      return open
    }),
  )
  return found.flat()
}

/** The partition that has the offsets of a group. @throws KafkaError */
export async function offsetsPlace(cluster: Cluster, group: string): Promise<TopicPartition> {
  const metadata = await cluster.topic(offsetsTopic)
  if (metadata === undefined) throw new KafkaError('COORDINATOR_NOT_AVAILABLE', group)
  return { topic: offsetsTopic, partition: partitionOf(group, metadata.leaders.length) }
}

/** Where the offsets of a group are: by Java's hash of its name, as `GroupMetadataManager.partitionFor` has it. */
export function partitionOf(group: string, partitions: number): number {
  let hash = 0
  for (let i = 0; i < group.length; i++) hash = (Math.imul(hash, 31) + group.charCodeAt(i)) | 0
  return (hash === -(2 ** 31) ? 0 : Math.abs(hash)) % partitions
}
