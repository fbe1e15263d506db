import { HeddleError, type RecordInput, recordIdentity } from '@heddle/core'
import { partitionOf } from '../../embedded/murmur2.ts'

/** A topic whose records without a key go to partitions in turn. */
export interface Partitioned {
  readonly name: string
  readonly partitions: number
  /** Whose turn it is. */
  turn: number
}

let scratch = Buffer.allocUnsafe(1024)

/**
 * The partition of each record, by the same rules as in the embedded log: the one that it names; else by its key; else,
 * when it is to be deduplicated, by its identity, so that duplicates meet; else the one whose turn it is, for all of them.
 * @throws HEDDLE_LOG_RECORD_INVALID when a record names a partition that is not there.
 */
export function choosePartitions(
  topic: Partitioned,
  records: readonly RecordInput[],
  dedupe: boolean,
): number[] {
  const count = topic.partitions
  let turn: number | undefined
  return records.map(({ partition, key, headers }, index) => {
    if (partition !== undefined) {
      if (Number.isInteger(partition) && partition >= 0 && partition < count) return partition
      throw new HeddleError(
        'HEDDLE_LOG_RECORD_INVALID',
        `record ${index} names partition ${partition}, and topic '${topic.name}' has ${count}`,
        { info: { index, partition, partitions: count } },
      )
    }
    const by = key ?? (dedupe && headers !== undefined ? recordIdentity(headers) : undefined)
    if (by !== undefined) return count === 1 ? 0 : hashOf(by, count)
    turn ??= topic.turn++ % count
    return turn
  })
}

function hashOf(key: Uint8Array | string, partitions: number): number {
  if (typeof key !== 'string') return partitionOf(key, key.length, partitions)
  if (3 * key.length > scratch.length) scratch = Buffer.allocUnsafe(6 * key.length)
  return partitionOf(scratch, scratch.write(key, 'utf8'), partitions)
}
