import type { Position } from '@heddle/core'
import { deleteRecordsV2 } from '@platformatic/kafka'
import type { Cluster } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import { KafkaError, checkCode } from '../errors.ts'
import { listEnds } from '../fetch/list-offsets.ts'

/**
 * Moves the beginning of a partition to the position, by the leader and all in-sync replicas; what is past the end means the
 * end. Brokers delete whole segments only, later; what is before is not read any more from here on.
 *
 * @throws KafkaError; POLICY_VIOLATION on a topic that is compacted and nothing else.
 */
export async function deleteRecords(cluster: Cluster, { topic, partition, offset }: Position): Promise<void> {
  const { clock, deliveryTimeoutMs, requestTimeoutMs } = cluster.settings
  await retrying(clock, deliveryTimeoutMs, async () => {
    const [end] = await listEnds(cluster, [{ topic, partition }])
    const before = BigInt(Math.min(offset, end!))
    const leader = await cluster.leader(topic, partition)
    try {
      const answer = await cluster.request(
        leader,
        'control',
        deleteRecordsV2.api,
        [{ name: topic, partitions: [{ partitionIndex: partition, offset: before }] }],
        requestTimeoutMs,
      )
      const result = answer.topics[0]?.partitions[0]
      if (result === undefined)
        throw new KafkaError('UNKNOWN_SERVER_ERROR', 'a partition is not answered for')
      checkCode(result.errorCode)
    } catch (error) {
      cluster.forgetTopic(topic)
      throw error
    }
  })
}
