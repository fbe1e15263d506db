/**
 * Appends that were called one after the other and go to disk together: records for the same partition share a batch,
 * whoever appended them. An append lies in one set as a whole, and a set in one transaction, so it is all or nothing.
 *
 * @module
 */
import { type Appended, HeddleError, type RecordInput } from '@heddle/core'
import { choosePartitions } from '../../topic/choose-partitions.ts'
import { checkRecord } from '../../topic/record-check.ts'
import type { BufferPool } from '../batch/buffer-pool.ts'
import { BatchBuilder } from '../batch/builder.ts'
import { batchKey } from '../keys.ts'
import type { Settings } from '../options.ts'
import type { Partition, Topic } from '../topic/topic.ts'
import type { WriteRequest } from './committer.ts'
import { type Deduplicator, type Duplicates, duplicateAt } from './deduplicator.ts'
import type { WriteTransaction } from './write-transaction.ts'

/** A batch being built, and what is known of it once it is written. */
interface OpenBatch {
  readonly partition: Partition
  readonly builder: BatchBuilder
  baseOffset: number
  duplicates: Duplicates | undefined
}

interface Append {
  readonly topic: Topic
  /** For each record: its batch, and where it stands in it. */
  readonly batches: readonly OpenBatch[]
  readonly indices: readonly number[]
  readonly settle: (answer: readonly Appended[] | HeddleError) => void
}

export interface AppendSetContext {
  readonly settings: Settings
  readonly pool: BufferPool
  readonly deduplicator: Deduplicator
}

export class AppendSet implements WriteRequest {
  readonly #context: AppendSetContext
  readonly #appends: Append[] = []
  readonly #batches: OpenBatch[] = []
  readonly #open = new Map<Partition, OpenBatch>()
  #bytes = 0
  /** No more appends may join: it is being written. */
  closed = false

  constructor(context: AppendSetContext) {
    this.#context = context
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Adds an append. `settle` hears what became of it.
   * @throws HEDDLE_LOG_RECORD_TOO_LARGE, HEDDLE_LOG_RECORD_INVALID; the set is then as it was.
   */
  add(
    topic: Topic,
    records: readonly RecordInput[],
    dedupe: boolean,
    settle: (answer: readonly Appended[] | HeddleError) => void,
  ): void {
    const chosen = choosePartitions(topic, records, dedupe)
    const batches: OpenBatch[] = []
    const indices: number[] = []
    const now = this.#context.settings.clock.now()
    const expected = records.length * 1024
    try {
      for (let i = 0; i < records.length; i++) {
        const record = records[i]!
        checkRecord(record, i, topic.info)
        const batch = this.#batchFor(topic.partitions[chosen[i]!]!, expected)
        batches.push(batch)
        indices.push(batch.builder.count)
        const size = batch.builder.add(record, now, dedupe)
        if (size > topic.info.maxRecordBytes) throw tooLarge(size, i, topic)
      }
    } catch (error) {
      // In reverse, so that each batch ends where it was before this append.
      for (let i = batches.length - 1; i >= 0; i--) batches[i]!.builder.truncate(indices[i]!)
      throw error
    }
    this.#appends.push({ topic, batches, indices, settle })
    this.#bytes = this.#batches.reduce((sum, batch) => sum + batch.builder.bytes, 0)
  }

  /** Sums up what is there, for a set that nothing more will join. */
  seal(): void {
    for (const { builder } of this.#batches) builder.seal()
  }

  /** @throws HEDDLE_LOG_UNKNOWN_TOPIC when a topic was deleted meanwhile. */
  check(): void {
    for (const { topic } of this.#appends) if (topic.deleted) throw unknownTopic(topic.name)
  }

  apply(transaction: WriteTransaction): void {
    this.closed = true
    const { settings, deduplicator } = this.#context
    if (transaction.bytes + this.#bytes > settings.maxBytes)
      throw new HeddleError(
        'HEDDLE_LOG_DISK_FULL',
        `${transaction.bytes} bytes are kept, ${this.#bytes} more would pass the limit of ${settings.maxBytes}`,
        { info: { bytes: transaction.bytes, maxBytes: settings.maxBytes } },
      )
    for (const batch of this.#batches) {
      const { partition, builder } = batch
      // A topic that was deleted meanwhile: its appends are told so when they are settled.
      if (partition.topic.deleted || builder.count === 0) continue
      const head = transaction.head(partition)
      batch.baseOffset = head.next
      const before = builder.count
      if (builder.identified) batch.duplicates = deduplicator.apply(transaction, partition, builder)
      transaction.duplicates += before - builder.count
      if (builder.count === 0) continue
      const { bytes, highTimestamp } = builder.finish(head.next, transaction.now, head.highTimestamp)
      transaction.put(batchKey(partition.topic.id, partition.index, head.next), bytes)
      transaction.bytes += bytes.length
      transaction.records += builder.count
      transaction.batches++
      transaction.batchBytes += bytes.length
      transaction.setHead(partition, {
        ...head,
        next: head.next + builder.count,
        bytes: head.bytes + bytes.length,
        highTimestamp,
      })
    }
  }

  settle(error?: HeddleError): void {
    this.closed = true
    for (const append of this.#appends) {
      if (error !== undefined) append.settle(error)
      else if (append.topic.deleted) append.settle(unknownTopic(append.topic.name))
      else append.settle(answer(append))
    }
    this.release()
  }

  /** Gives the memory back; nothing is written any more. */
  release(): void {
    for (const { builder } of this.#batches) builder.release()
  }

  #batchFor(partition: Partition, expectedBytes: number): OpenBatch {
    const { settings, pool } = this.#context
    const open = this.#open.get(partition)
    if (open !== undefined && open.builder.bytes < settings.maxBatchBytes) return open
    const builder = new BatchBuilder(pool, Math.max(4096, Math.min(expectedBytes, settings.maxBatchBytes)))
    const batch: OpenBatch = { partition, builder, baseOffset: 0, duplicates: undefined }
    this.#open.set(partition, batch)
    this.#batches.push(batch)
    return batch
  }
}

function answer({ batches, indices }: Append): readonly Appended[] {
  const appended: Appended[] = []
  for (let i = 0; i < batches.length; i++) {
    const { partition, baseOffset, duplicates } = batches[i]!
    const index = indices[i]!
    if (duplicates === undefined) appended.push({ partition: partition.index, offset: baseOffset + index })
    else appended.push(duplicateAt(duplicates, partition.index, baseOffset, index))
  }
  return appended
}

export function unknownTopic(name: string): HeddleError {
  return new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC', `'${name}'`, { info: { topic: name } })
}

function tooLarge(size: number, index: number, topic: Topic): HeddleError {
  const { maxRecordBytes } = topic.info
  return new HeddleError(
    'HEDDLE_LOG_RECORD_TOO_LARGE',
    `record ${index} has ${size} bytes, and topic '${topic.name}' takes ${maxRecordBytes}`,
    { info: { index, size, maxRecordBytes } },
  )
}
