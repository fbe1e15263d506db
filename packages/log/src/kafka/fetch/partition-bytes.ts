import type { TopicPartition } from '@heddle/core'
import { describeLogDirsV1, describeLogDirsV4 } from '@platformatic/kafka'
import type { Cluster } from '../client/cluster.ts'
import { KafkaError } from '../errors.ts'

/** Bytes of each partition on its leader's disk; 0 where the broker does not tell. */
export async function partitionBytes(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
): Promise<number[]> {
  const api = (await cluster.abilities()).newest(35) >= 4 ? describeLogDirsV4.api : describeLogDirsV1.api
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, places]) => ({
    name,
    partitions: places.map(({ partition }) => partition),
  }))
  const bytes = new Map<string, number>()
  await Promise.all(
    cluster.brokers.map(async (broker) => {
      try {
        const answer = await cluster.request(broker, 'admin', api, topics)
        for (const { topics: found } of answer.results)
          for (const { name, partitions: sizes } of found)
            for (const { partitionIndex, partitionSize } of sizes) {
              const key = `${name} ${partitionIndex}`
              bytes.set(key, Math.max(bytes.get(key) ?? 0, Number(partitionSize)))
            }
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error
        // It is only "as far as the log knows": a broker that is away, or a right that is missing, is no failure.
      }
    }),
  )
  return partitions.map(({ topic, partition }) => bytes.get(`${topic} ${partition}`) ?? 0)
}
