import type { CommittedOffset, RecordInput } from '@heddle/core'
import type { Cluster } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import type { KafkaError } from '../errors.ts'
import type { KafkaMember } from '../group/member.ts'
import { type Sent, sendBatches } from '../produce/send.ts'
import { BatchBuilder, type ProducerIdentity, stampBatch } from '../wire/record-batch.ts'
import { commitOffsetsV5 } from '../wire/transaction.ts'

interface Batch {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
  /** Index of its first record among those of the partition. */
  readonly slots: readonly number[]
}

/** The version of Produce that adds the partition to the transaction. */
const produceVersion = 12

/** Writes the records and offsets of one transaction. */
export class TransactionWriter {
  readonly #cluster: Cluster
  readonly #id: string
  readonly #lane: string
  readonly #identity: ProducerIdentity
  /** An epoch is of one transaction, and begins with sequence 0 in each partition. */
  readonly #sequences = new Map<string, number>()
  records = 0

  constructor(cluster: Cluster, id: string, lane: string, identity: ProducerIdentity) {
    this.#cluster = cluster
    this.#id = id
    this.#lane = lane
    this.#identity = identity
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
    await member.withEpoch(offsets, async (identity) => {
      const results = await this.#cluster.requestCoordinator(
        'group',
        member.group,
        this.#lane,
        commitOffsetsV5,
        this.#id,
        this.#identity,
        identity,
        offsets,
      )
      return results.map(({ errorCode }) => errorCode)
    })
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
    let builder = new BatchBuilder()
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
        builder = new BatchBuilder()
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
    await retrying(clock, deliveryTimeoutMs, async () => {
      const left = batches.filter((batch) => !written.has(batch))
      const sent: Map<Batch, Sent> = await sendBatches(
        this.#cluster,
        this.#lane,
        this.#id,
        produceVersion,
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
