/**
 * Reads batches. All of it is synchronous and on one snapshot, so that nothing that goes on meanwhile can be seen by
 * halves; what is read is copied out of LMDB's pages.
 *
 * @module
 */
import { type Fetched, HeddleError, type Position } from '@heddle/core'
import { Batch, BatchDamage } from '../batch/batch.ts'
import type { StoredRecord } from '../batch/record.ts'
import { publish } from '../channels.ts'
import { baseOffsetOf, headKey } from '../keys.ts'
import { type PartitionHead, decodeHead } from '../partition-head.ts'
import { batchesFrom, ceilingBatch, floorBatch } from '../seek.ts'
import type { Partition } from '../topic/topic.ts'
import type { Tree } from '../tree.ts'
import type { BatchCache } from './batch-cache.ts'

export interface Place {
  readonly position: Position
  readonly partition: Partition
}

/** What is left of what a read may give. */
export interface Budget {
  bytes: number
  records: number
}

export class Reader {
  readonly #tree: Tree
  readonly #path: string
  readonly #cache: BatchCache

  constructor(tree: Tree, path: string, cache: BatchCache) {
    this.#tree = tree
    this.#path = path
    this.#cache = cache
  }

  head({ topic, index }: Partition): PartitionHead {
    return decodeHead(this.#tree.get(headKey(topic.id, index)))
  }

  /** Batches were written anew. */
  forget(): void {
    this.#cache.clear()
  }

  /**
   * Records of one partition from an offset on, as many as the budget allows, at least one batch; takes them from it.
   * `undefined` when there is none.
   * @throws HEDDLE_LOG_OFFSET_OUT_OF_RANGE, HEDDLE_LOG_CORRUPT
   */
  read({ position, partition }: Place, budget: Budget): Fetched | undefined {
    const { offset } = position
    const head = this.head(partition)
    if (!(offset >= head.earliest && offset <= head.next)) throw outOfRange(position, head)
    if (offset === head.next) return undefined
    const records: StoredRecord[] = []
    let nextOffset = offset
    for (const key of this.#keysFrom(partition, offset)) {
      const batch = this.#batch(partition, key, head, records.length > 0 ? undefined : offset)
      if (batch === undefined) break
      const before = records.length
      budget.bytes -= batch.collect(offset, before + budget.records, records)
      budget.records -= records.length - before
      const last = records.at(-1)
      // A batch that was given in part is gone on with.
      const whole = last === undefined || budget.records > 0 || last.offset === batch.nextOffset - 1
      nextOffset = whole ? Math.max(nextOffset, batch.nextOffset) : last.offset + 1
      if (budget.bytes <= 0 || budget.records <= 0) break
    }
    // Compaction may have left nothing between here and the end.
    if (records.length === 0 && nextOffset === offset) nextOffset = head.next
    return { topic: position.topic, partition: position.partition, records, nextOffset, latest: head.next }
  }

  /**
   * The first offset whose record is not older than `timestamp`, or the end.
   *
   * Timestamps may go up and down, but the newest so far, which each batch carries, only goes up. So the first batch that
   * reaches the timestamp is found by halving the offsets: before it, no record is new enough.
   */
  offsetAt(partition: Partition, timestamp: number): number {
    const head = this.head(partition)
    let low = head.earliest
    let high = head.next
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const batch = this.#batchFrom(partition, middle, head)
      if (batch === undefined || batch.highTimestamp >= timestamp) high = middle
      else low = Math.max(middle + 1, batch.nextOffset)
    }
    // The record may have been deleted or compacted, and the next one that is new enough be further on.
    for (const key of this.#keysFrom(partition, low)) {
      const batch = this.#batch(partition, key, head, low)!
      if (batch.maxTimestamp < timestamp) continue
      for (const record of batch.records())
        if (record.timestamp >= timestamp && record.offset >= head.earliest) return record.offset
    }
    return head.next
  }

  /** The batch that holds `offset`, or the first after it. */
  #batchFrom(partition: Partition, offset: number, head: PartitionHead): Batch | undefined {
    for (const key of this.#keysFrom(partition, offset)) {
      const batch = this.#batch(partition, key, head, offset)!
      if (batch.nextOffset > offset) return batch
    }
    return undefined
  }

  /** Keys of the batches from the one that may hold `offset` on. */
  *#keysFrom(partition: Partition, offset: number): Generator<Buffer> {
    const { topic, index } = partition
    const floor = floorBatch(this.#tree, partition, offset)
    yield* this.#tree.getKeys({
      ...batchesFrom(topic.id, index, offset),
      ...(floor === undefined ? {} : { start: floor }),
    })
  }

  /** @param asked The offset that was asked for, when damage is to be told; `undefined` when it ends what was read. */
  #batch(
    partition: Partition,
    key: Buffer,
    head: PartitionHead,
    asked: number | undefined,
  ): Batch | undefined {
    const base = baseOffsetOf(key)
    // Compaction writes a batch anew under its key, and moves `cleanedTo` when it does.
    const name = key.toString('latin1') + (base < head.cleanedTo ? head.cleanedTo : '')
    const cached = this.#cache.get(name)
    if (cached !== undefined) return cached
    try {
      const batch = Batch.read(this.#tree.getBinary(key)!)
      if (batch.baseOffset !== base) throw new BatchDamage(`it says that it begins at ${batch.baseOffset}`)
      this.#cache.add(name, batch)
      return batch
    } catch (error) {
      if (!(error instanceof BatchDamage)) throw error
      if (asked === undefined) return undefined
      throw this.#corrupt(partition, base, head, error.message)
    }
  }

  #corrupt(partition: Partition, offset: number, head: PartitionHead, reason: string): HeddleError {
    const { topic, index } = partition
    // How many records it held, a damaged batch cannot tell; the key of the next one does.
    const after = ceilingBatch(this.#tree, partition, offset + 1)
    const nextOffset = after === undefined ? head.next : baseOffsetOf(after)
    publish('heddle:log:corrupt', () => ({
      path: this.#path,
      topic: topic.name,
      partition: index,
      offset,
      nextOffset,
      reason,
    }))
    return new HeddleError(
      'HEDDLE_LOG_CORRUPT',
      `topic '${topic.name}', partition ${index}, offsets ${offset} to ${nextOffset - 1}: ${reason}`,
      { info: { topic: topic.name, partition: index, offset, lastOffset: nextOffset - 1, nextOffset } },
    )
  }
}

function outOfRange({ topic, partition, offset }: Position, { earliest, next }: PartitionHead): HeddleError {
  return new HeddleError(
    'HEDDLE_LOG_OFFSET_OUT_OF_RANGE',
    `topic '${topic}', partition ${partition} has ${earliest} to ${next}, and ${offset} was asked for`,
    { info: { topic, partition, offset, earliest, latest: next } },
  )
}
