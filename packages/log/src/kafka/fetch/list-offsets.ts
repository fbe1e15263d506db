import type { TopicPartition } from '@heddle/core'
import { listOffsetsV7 } from '@platformatic/kafka'
import type { Cluster } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import { KafkaError, checkCode } from '../errors.ts'

export interface Range {
  readonly earliest: number
  readonly latest: number
}

/** Kafka's names for places, as timestamps. */
const latest = -1n
const earliest = -2n

/** `committed` ends before the first open transaction; `all` ends at the high watermark. */
export type Isolation = 'committed' | 'all'

/**
 * The first offset at or after a time, for each partition; -1 when there is none.
 * @throws KafkaError
 */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  timestamp: bigint,
  isolation: Isolation = 'committed',
): Promise<number[]> {
  const { clock, deliveryTimeoutMs } = cluster.settings
  return retrying(clock, deliveryTimeoutMs, async () => {
    const found = new Map<TopicPartition, number>()
    const byLeader = new Map<number, TopicPartition[]>()
    for (const place of partitions) {
      const leader = await cluster.leader(place.topic, place.partition)
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), place])
    }
    try {
      await Promise.all(
        [...byLeader].map(async ([leader, places]) => {
          const topics = [...Map.groupBy(places, ({ topic }) => topic)].map(([name, ofTopic]) => ({
            name,
            partitions: ofTopic.map(({ partition }) => ({
              partitionIndex: partition,
              currentLeaderEpoch: -1,
              timestamp,
            })),
          }))
          const level = isolation === 'committed' ? 1 : 0
          const answer = await cluster.request(leader, 'control', listOffsetsV7.api, -1, level, topics)
          for (const place of places) {
            const result = answer.topics
              .find(({ name }) => name === place.topic)
              ?.partitions.find(({ partitionIndex }) => partitionIndex === place.partition)
            if (result === undefined)
              throw new KafkaError('UNKNOWN_SERVER_ERROR', 'a partition is not answered for')
            checkCode(result.errorCode)
            found.set(place, Number(result.offset))
          }
        }),
      )
    } catch (error) {
      for (const { topic } of partitions) cluster.forgetTopic(topic)
      throw error
    }
    return partitions.map((place) => found.get(place)!)
  })
}

/** What can be read of a partition now. */
export async function listRange(
  cluster: Cluster,
  partition: TopicPartition,
  isolation: Isolation = 'committed',
): Promise<Range> {
  const [[first], [last]] = await Promise.all([
    listOffsets(cluster, [partition], earliest),
    listOffsets(cluster, [partition], latest, isolation),
  ])
  return { earliest: first!, latest: last! }
}

/** Ends of partitions. */
export const listEnds = (
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  isolation: Isolation = 'committed',
): Promise<number[]> => listOffsets(cluster, partitions, latest, isolation)

/** Beginnings of partitions. */
export const listBeginnings = (cluster: Cluster, partitions: readonly TopicPartition[]): Promise<number[]> =>
  listOffsets(cluster, partitions, earliest)
