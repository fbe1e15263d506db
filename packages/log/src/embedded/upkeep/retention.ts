/**
 * Removes what a topic's settings no longer keep, and what deleted topics left behind. A batch goes as a whole: by time
 * when its newest record is too old, by size when the partition has enough without it.
 *
 * @module
 */
import { Batch, BatchDamage } from '../batch/batch.ts'
import { type RetentionMessage, publish } from '../channels.ts'
import type { Committer } from '../commit/committer.ts'
import type { WriteTransaction } from '../commit/write-transaction.ts'
import { allOf, baseOffsetOf, batchKey, trashTopicOf } from '../keys.ts'
import { batchesFrom, ceilingBatch } from '../seek.ts'
import type { Partition } from '../topic/topic.ts'
import type { Tree } from '../tree.ts'

/** Batches that one transaction removes at most, so that appends need not wait long for it. */
const chunk = 256

type Reason = 'ms' | 'bytes'

/** Applies the retention of one partition. */
export async function retain(path: string, committer: Committer, partition: Partition): Promise<void> {
  const { ms, bytes } = partition.topic.info.retention
  if (ms === undefined && bytes === undefined) return
  for (let more = true; more;) {
    const removed = await committer.run((transaction) =>
      partition.topic.deleted ? undefined : removeExpired(transaction, partition, ms, bytes),
    )
    if (removed !== undefined)
      publish('heddle:log:retention', () => ({
        path,
        topic: partition.topic.name,
        partition: partition.index,
        ...removed,
      }))
    more = removed?.batches === chunk
  }
}

/** @returns what was removed, which is `chunk` batches when there may be more. */
function removeExpired(
  transaction: WriteTransaction,
  partition: Partition,
  ms: number | undefined,
  bytes: number | undefined,
): Omit<RetentionMessage, 'path' | 'topic' | 'partition'> | undefined {
  const { topic, index } = partition
  const head = transaction.head(partition)
  const removed: Buffer[] = []
  let freed = 0
  let reason: Reason | undefined
  let { earliest } = head
  for (const { key, value } of transaction.tree.getRange({
    ...batchesFrom(topic.id, index, 0),
    limit: chunk,
  })) {
    const tooMuch = bytes !== undefined && head.bytes - freed - value.length >= bytes
    const tooOld = ms !== undefined && newest(value) < transaction.now - ms
    if (!tooMuch && !tooOld) {
      earliest = baseOffsetOf(key)
      break
    }
    reason = tooMuch ? 'bytes' : 'ms'
    removed.push(key)
    freed += value.length
    earliest = head.next
  }
  if (reason === undefined) return undefined
  if (removed.length === chunk) {
    const next = ceilingBatch(transaction.tree, partition, baseOffsetOf(removed.at(-1)!) + 1)
    earliest = next === undefined ? head.next : baseOffsetOf(next)
  }
  for (const key of removed) transaction.remove(key)
  transaction.bytes -= freed
  transaction.setHead(partition, { ...head, earliest, bytes: head.bytes - freed })
  return { reason, batches: removed.length, bytes: freed, earliest }
}

/** Newest timestamp in a batch. One that is damaged cannot tell, and waits for those before and after it to go by size. */
function newest(bytes: Buffer): number {
  try {
    return Batch.read(bytes).maxTimestamp
  } catch (error) {
    if (error instanceof BatchDamage) return Number.POSITIVE_INFINITY
    throw error
  }
}

/** Removes the batches of deleted topics. */
export async function emptyTrash(path: string, tree: Tree, committer: Committer): Promise<void> {
  // Collected first: a cursor would go on seeing the snapshot, and hold its pages, while the commits go by.
  const trash = [...tree.getRange(allOf('trash'))]
  for (const { key, value } of trash) {
    for (let more = true; more;) {
      const { batches, bytes } = await committer.run((transaction) => removeBatches(transaction, key))
      if (batches > 0)
        publish('heddle:log:retention', () => ({
          path,
          topic: value.toString(),
          partition: -1,
          reason: 'deleted',
          batches,
          bytes,
          earliest: 0,
        }))
      more = batches === chunk
    }
  }
}

function removeBatches(transaction: WriteTransaction, trash: Buffer): { batches: number; bytes: number } {
  const topicId = trashTopicOf(trash)
  const removed = [
    ...transaction.tree.getRange({
      start: batchKey(topicId, 0, 0),
      end: batchKey(topicId + 1, 0, 0),
      limit: chunk,
    }),
  ]
  let bytes = 0
  for (const { key, value } of removed) {
    transaction.remove(key)
    bytes += value.length
  }
  transaction.bytes -= bytes
  if (removed.length < chunk) transaction.remove(trash)
  return { batches: removed.length, bytes }
}
