import type { CommittedOffset, RecordInput, TopicPartition } from '@heddle/core'
import type { Cluster } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import type { KafkaError } from '../errors.ts'
import type { KafkaMember } from '../group/member.ts'
import { type Sent, sendBatches } from '../produce/send.ts'
import { BatchBuilder, type ProducerIdentity, contentLength, stampBatch } from '../wire/record-batch.ts'
import type { TransactionProtocol } from './protocol.ts'

interface Batch {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
  /** Index of its first record among those of the partition. */
  readonly slots: readonly number[]
}

/** Writes the records and offsets of one transaction. */
export class TransactionWriter {
  readonly #cluster: Cluster
  readonly #id: string
  readonly #lane: string
  readonly #identity: ProducerIdentity
  readonly #protocol: TransactionProtocol
  readonly #beforeRetry: () => Promise<void>
  /** The next of each partition. */
  readonly #sequences: Map<string, number>
  records = 0

  /** @param beforeRetry Called before records are sent again. */
  constructor(
    cluster: Cluster,
    id: string,
    lane: string,
    identity: ProducerIdentity,
    protocol: TransactionProtocol,
    beforeRetry: () => Promise<void>,
  ) {
    this.#cluster = cluster
    this.#id = id
    this.#lane = lane
    this.#identity = identity
    this.#protocol = protocol
    this.#beforeRetry = beforeRetry
    this.#sequences = protocol.begin(identity)
  }

  /** Called once, with all partitions that may be written. @throws KafkaError */
  enter(places: readonly TopicPartition[]): Promise<void> {
    return this.#protocol.addPartitions(places)
  }

  /** Writes records to the partitions chosen for them; their offsets, in the same order. */
  async write(
    topic: string,
    records: readonly RecordInput[],
    partitions: readonly number[],
    batchLimit: number,
  ): Promise<number[]> {
    const offsets = Array.from<number>({ length: records.length })
    const queues = new Map<number, Batch[]>()
    const byPartition = Map.groupBy(records.keys(), (i) => partitions[i]!)
    const now = this.#cluster.settings.clock.now()
    for (const [partition, indexes] of byPartition)
      queues.set(partition, this.#batches(topic, partition, indexes, records, batchLimit, now))
    // One batch a partition and request, so the batches of a partition go one after another.
    for (;;) {
      const round = [...queues.values()].flatMap((batches) => batches.shift() ?? [])
      if (round.length === 0) break
      for (const [{ slots }, base] of await this.#send(round))
        for (const [k, slot] of slots.entries()) offsets[slot] = base + k
    }
    this.records += records.length
    return offsets
  }

  async commitOffsets(member: KafkaMember, offsets: readonly CommittedOffset[]): Promise<void> {
    await this.#protocol.addGroup(member.group)
    await member.withEpoch(offsets, (identity) => this.#protocol.commitOffsets(identity, offsets))
  }

  #batches(
    topic: string,
    partition: number,
    indexes: readonly number[],
    records: readonly RecordInput[],
    batchLimit: number,
    now: number,
  ): Batch[] {
    const batches: Batch[] = []
    // Room for records like the first: growing is copying.
    const each = contentLength(records[indexes[0]!]!) + 64
    const make = (): BatchBuilder => new BatchBuilder(Math.min(batchLimit, indexes.length * each))
    let builder = make()
    let slots: number[] = []
    const finish = (): void => {
      const batch = builder.finish(this.#cluster.settings.compression, true)
      const key = `${topic} ${partition}`
      const sequence = this.#sequences.get(key) ?? 0
      stampBatch(batch, this.#identity, sequence)
      this.#sequences.set(key, sequence + slots.length)
      batches.push({ topic, partition, batch, slots })
    }
    for (const i of indexes) {
      if (!builder.add(records[i]!, now, batchLimit)) {
        finish()
        builder = make()
        builder.add(records[i]!, now, batchLimit)
        slots = []
      }
      slots.push(i)
    }
    finish()
    return batches
  }

  async #send(batches: readonly Batch[]): Promise<Map<Batch, number>> {
    const { clock, deliveryTimeoutMs } = this.#cluster.settings
    const written = new Map<Batch, number>()
    await retrying(clock, deliveryTimeoutMs, async (count) => {
      if (count > 0) await this.#beforeRetry()
      const left = batches.filter((batch) => !written.has(batch))
      const sent: Map<Batch, Sent> = await sendBatches(
        this.#cluster,
        this.#lane,
        this.#id,
        this.#protocol.produceVersion,
        left,
      )
      let failure: KafkaError | undefined
      for (const [batch, result] of sent) {
        if (!('error' in result)) written.set(batch, result.baseOffset)
        else if (failure === undefined || !result.error.retryable) failure = result.error
      }
      if (failure !== undefined) throw failure
    })
    return written
  }
}
