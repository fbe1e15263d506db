import { HeddleError, type RecordInput, murmur2, recordIdentity } from '@heddle/core'

/** A topic as the choice of partitions needs it. */
export interface Partitioned {
  readonly name: string
  readonly info: { readonly partitions: number }
  /** Whose turn it is for records without a key. */
  turn: number
}

/**
 * The partition of each record: the one that it names; else by its key, as Kafka's default partitioner; else, when it is
 * to be deduplicated, by its identity, so that duplicates meet; else the one whose turn it is, the same for all of them.
 * @throws HEDDLE_LOG_RECORD_INVALID when a record names a partition that is not there.
 */
export function choosePartitions(
  topic: Partitioned,
  records: readonly RecordInput[],
  dedupe: boolean,
): number[] {
  const count = topic.info.partitions
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
    if (by !== undefined) return count === 1 ? 0 : murmur2(by) % count
    turn ??= topic.turn++ % count
    return turn
  })
}
