/**
 * Takes out of a batch, before it is written, the records whose identity is in the topic's window already.
 *
 * @module
 */
import type { Appended } from '@heddle/core'
import { Batch, BatchDamage, storedIdentity } from '../batch/batch.ts'
import type { BatchBuilder } from '../batch/builder.ts'
import { publish } from '../channels.ts'
import { baseOffsetOf, batchKey } from '../keys.ts'
import { floorBatch } from '../seek.ts'
import type { Partition } from '../topic/topic.ts'
import { DedupeIndex } from './dedupe-index.ts'
import type { WriteTransaction } from './write-transaction.ts'

/** For each record of a batch as it was built: the offset of the one that it repeats, or -1. */
export type Duplicates = readonly number[]

/** What became of the record at `index` of a batch, some of whose records were duplicates. */
export function duplicateAt(
  duplicates: Duplicates,
  partition: number,
  baseOffset: number,
  index: number,
): Appended {
  const first = duplicates[index]!
  if (first >= 0) return { partition, offset: first, duplicate: true }
  let before = 0
  for (let i = 0; i < index; i++) if (duplicates[i]! >= 0) before++
  return { partition, offset: baseOffset + index - before }
}

export class Deduplicator {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Removes duplicates from `builder`, which is about to be written at the end of `partition`. */
  apply(transaction: WriteTransaction, partition: Partition, builder: BatchBuilder): Duplicates | undefined {
    const index = this.#index(transaction, partition)
    const base = index.next
    const duplicates: number[] = []
    const removed: number[] = []
    /** Index in the builder of each record that stays. */
    const kept: number[] = []
    for (let i = 0; i < builder.count; i++) {
      const low = builder.identityLow(i)
      let first: number | undefined
      if (low !== 0) {
        const high = builder.identityHigh(i)
        let identity: string | undefined
        first = index.find(high, low, (offset) => {
          identity ??= storedIdentity(builder.record(i))
          const other =
            offset >= base
              ? builder.record(kept[offset - base]!)
              : this.#stored(transaction, partition, offset)
          return other !== undefined && storedIdentity(other) === identity
        })
        if (first === undefined) index.add(high, low, base + kept.length, transaction.now)
      }
      if (first === undefined) kept.push(i)
      else removed.push(i)
      duplicates.push(first ?? -1)
    }
    index.next = base + kept.length
    // Whatever goes wrong from here on, the index is dropped with the transaction.
    transaction.touched.add(partition)
    if (removed.length === 0) return undefined
    builder.remove(removed)
    return duplicates
  }

  /** The partition's index, knowing all that is stored. */
  #index(transaction: WriteTransaction, partition: Partition): DedupeIndex {
    const { next } = transaction.head(partition)
    const window = partition.topic.info.dedupe
    if (partition.dedupe === undefined) {
      partition.dedupe = new DedupeIndex(window, next)
      for (const batch of this.#recent(transaction, partition, 0).reverse()) learn(partition.dedupe, batch, 0)
    } else if (partition.dedupe.next < next) {
      // What was appended past this index: by another process, or here without dedupe.
      const from = partition.dedupe.next
      for (const batch of this.#recent(transaction, partition, from).reverse())
        learn(partition.dedupe, batch, from)
      partition.dedupe.next = next
    }
    partition.dedupe.expire(transaction.now)
    return partition.dedupe
  }

  /** Batches from `offset` on that are within the window, the newest first. */
  #recent(transaction: WriteTransaction, partition: Partition, offset: number): Batch[] {
    const { topic, index } = partition
    const { ms, ids } = topic.info.dedupe
    const batches: Batch[] = []
    let identities = 0
    const from = Math.max(offset, transaction.head(partition).earliest)
    const range = transaction.tree.getRange({
      start: batchKey(topic.id, index, Number.MAX_SAFE_INTEGER),
      // Exclusive: down to the batch that begins at `from`, and not the one before.
      end: from > 0 ? batchKey(topic.id, index, from - 1) : batchKey(topic.id, index, 0).subarray(0, 9),
      reverse: true,
    })
    for (const { key, value } of range) {
      const batch = this.#read(partition, baseOffsetOf(key), value)
      if (batch === undefined) continue
      if (batch.appendedAt < transaction.now - ms || identities >= ids) break
      batches.push(batch)
      identities += batch.count
    }
    return batches
  }

  #stored(transaction: WriteTransaction, partition: Partition, offset: number): Buffer | undefined {
    const key = floorBatch(transaction.tree, partition, offset)
    if (key === undefined) return undefined
    const name = key.toString('latin1')
    let batch = transaction.seen.get(name)
    if (batch === undefined) {
      batch = this.#read(partition, baseOffsetOf(key), transaction.tree.getBinary(key)!)
      if (batch === undefined) return undefined
      transaction.seen.set(name, batch)
    }
    return batch.stored(offset)
  }

  /** A damaged batch cannot tell what it held: its records can no longer be recognised, and nothing else is lost. */
  #read(partition: Partition, offset: number, bytes: Buffer): Batch | undefined {
    try {
      return Batch.read(bytes)
    } catch (error) {
      if (!(error instanceof BatchDamage)) throw error
      publish('heddle:log:corrupt', () => ({
        path: this.#path,
        topic: partition.topic.name,
        partition: partition.index,
        offset,
        nextOffset: offset + 1,
        reason: error.message,
      }))
      return undefined
    }
  }
}

function learn(index: DedupeIndex, batch: Batch, from: number): void {
  batch.eachIdentity((offset, high, low) => {
    if (offset >= from) index.add(high, low, offset, batch.appendedAt)
  })
}
