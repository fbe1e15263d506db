import { publish } from '../channels.ts'
import type { Committer } from '../commit/committer.ts'
import type { WriteTransaction } from '../commit/write-transaction.ts'
import { baseOffsetOf } from '../keys.ts'
import { batchesFrom } from '../seek.ts'
import type { Partition } from '../topic/topic.ts'

/** Batches that one transaction removes at most, so that appends need not wait long for it. */
const chunk = 256

/** Removes the batches of a partition all of whose offsets are before `offset`. */
export async function deleteBefore(
  path: string,
  committer: Committer,
  partition: Partition,
  offset: number,
): Promise<void> {
  for (let more = true; more;) {
    const removed = await committer.run((transaction) =>
      partition.topic.deleted ? undefined : remove(transaction, partition, offset),
    )
    if (removed !== undefined && removed.batches > 0)
      publish('heddle:log:retention', () => ({
        path,
        topic: partition.topic.name,
        partition: partition.index,
        reason: 'deleted',
        ...removed,
      }))
    more = removed?.batches === chunk
  }
}

function remove(
  transaction: WriteTransaction,
  partition: Partition,
  offset: number,
): { batches: number; bytes: number; earliest: number } {
  const { topic, index } = partition
  const head = transaction.head(partition)
  const found = [...transaction.tree.getRange({ ...batchesFrom(topic.id, index, 0), limit: chunk + 1 })]
  let { earliest } = head
  let bytes = 0
  let batches = 0
  for (const [at, { key, value }] of found.entries()) {
    const next = found[at + 1]
    const end = next === undefined ? head.next : baseOffsetOf(next.key)
    if (batches === chunk || end > offset) break
    transaction.remove(key)
    bytes += value.length
    batches++
    earliest = end
  }
  if (batches > 0) {
    transaction.bytes -= bytes
    transaction.setHead(partition, { ...head, earliest, bytes: head.bytes - bytes })
  }
  return { batches, bytes, earliest }
}
