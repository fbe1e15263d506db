/**
 * Which partition a record goes to.
 *
 * @module
 */
import { HeddleError, type RecordInput, recordIdentity } from '@heddle/core'
import { partitionOf } from '../murmur2.ts'
import type { Partition, Topic } from './topic.ts'

/** Keys that are text are hashed here, without a buffer for each. */
let scratch = Buffer.allocUnsafe(1024)

/**
 * The partition of each record: the one that it names; else by its key, as Kafka's default partitioner; else, when it is
 * to be deduplicated, by its identity, so that duplicates meet; else the one whose turn it is, the same for all of them.
 * @throws HEDDLE_LOG_RECORD_INVALID when a record names a partition that is not there.
 */
export function choosePartitions(
  topic: Topic,
  records: readonly RecordInput[],
  dedupe: boolean,
): Partition[] {
  const { partitions } = topic
  const count = partitions.length
  const chosen: Partition[] = []
  let turn: Partition | undefined
  for (let i = 0; i < records.length; i++) {
    const { partition, key, headers } = records[i]!
    if (partition !== undefined) {
      const named = partitions[partition]
      if (named === undefined)
        throw new HeddleError(
          'HEDDLE_LOG_RECORD_INVALID',
          `record ${i} names partition ${partition}, and topic '${topic.name}' has ${count}`,
          { info: { index: i, partition, partitions: count } },
        )
      chosen.push(named)
      continue
    }
    const by = key ?? (dedupe && headers !== undefined ? recordIdentity(headers) : undefined)
    if (by === undefined) {
      turn ??= partitions[topic.turn++ % count]!
      chosen.push(turn)
    } else chosen.push(partitions[count === 1 ? 0 : hashOf(by, count)]!)
  }
  return chosen
}

function hashOf(key: Uint8Array | string, partitions: number): number {
  if (typeof key !== 'string') return partitionOf(key, key.length, partitions)
  if (3 * key.length > scratch.length) scratch = Buffer.allocUnsafe(6 * key.length)
  return partitionOf(scratch, scratch.write(key, 'utf8'), partitions)
}
