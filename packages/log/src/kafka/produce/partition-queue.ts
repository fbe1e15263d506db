import type { RecordInput } from '@heddle/core'
import { BatchBuilder, type ProducerIdentity } from '../wire/record-batch.ts'

/** A batch on its way. */
export class PendingBatch {
  readonly builder: BatchBuilder
  /** When it is given up, ms since 1970. */
  readonly deadline: number
  /** Where it was written. */
  readonly written: Promise<number>
  resolve!: (baseOffset: number) => void
  reject!: (error: unknown) => void
  /** Its bytes, once it was sent. */
  encoded: Buffer | undefined
  identity: ProducerIdentity | undefined
  sequence = -1
  failures = 0

  /** @param size How many bytes to make room for at once. */
  constructor(deadline: number, size: number) {
    this.builder = new BatchBuilder(size)
    this.deadline = deadline
    this.written = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // Whoever appended awaits it; nobody may be left when an append was refused half-way.
    this.written.catch(() => undefined)
  }
}

/** A record's place in a batch. */
export interface Slot {
  readonly batch: PendingBatch
  readonly index: number
}

/** What waits to be written to one partition. One batch is under way at a time, so that order and sequence are plain. */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly batches: PendingBatch[] = []
  inFlight = false
  /** Not before this, after a failure; ms since 1970. */
  notBefore = 0
  /** `undefined`: a fresh one is needed, since what the broker knows of the last one is in doubt. */
  identity: ProducerIdentity | undefined
  nextSequence = 0
  /** What the last batch that was sent had in it. */
  lastBytes = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** Adds a record to the last batch, or to a new one when that is full or under way. */
  add(record: RecordInput, now: number, limit: number, deadline: number): Slot {
    const last = this.batches.at(-1)
    if (last !== undefined && last.encoded === undefined && last.builder.add(record, now, limit))
      return { batch: last, index: last.builder.count - 1 }
    // Room for somewhat more than the last one had: growing is copying.
    const next = new PendingBatch(deadline, Math.min(limit, Math.ceil(1.1 * this.lastBytes)))
    this.batches.push(next)
    next.builder.add(record, now, limit)
    return { batch: next, index: 0 }
  }
}
