/**
 * The idempotent producer: gathers appends into a batch a partition and sends them with acks=all. What comes while one
 * batch of a partition is under way goes into the next, so that many small appends share requests without waiting for it.
 *
 * @module
 */
import { HeddleError, type RecordInput, type Timer } from '@heddle/core'
import { initProducerIdV4 } from '@platformatic/kafka'
import { publish } from '../channels.ts'
import type { Cluster } from '../client/cluster.ts'
import { backoffMs, retrying } from '../client/retry.ts'
import { type KafkaError, checkCode, heddleError } from '../errors.ts'
import { type ProducerIdentity, stampBatch } from '../wire/record-batch.ts'
import { PartitionQueue, type PendingBatch, type Slot } from './partition-queue.ts'
import { asKafkaError, sendBatches } from './send.ts'

interface Outgoing {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
  readonly queue: PartitionQueue
  readonly pending: PendingBatch
}

/** After these the broker's record of the producer is gone or another, and the batch was not written. */
const identityLost = new Set([
  'UNKNOWN_PRODUCER_ID',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
])

export class Producer {
  readonly #cluster: Cluster
  readonly #queues = new Map<string, PartitionQueue>()
  #identity: Promise<ProducerIdentity> | undefined
  #scheduled = false
  #timer: Timer | undefined
  #bufferedBytes = 0
  #room: (() => void)[] = []
  #pending = 0
  #idle: (() => void)[] = []

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /**
   * Appends records to the partitions that were chosen for them; their offsets, in the same order.
   * @throws HeddleError; when some records were written all the same, `info.appended` says how many.
   */
  async append(
    topic: string,
    records: readonly RecordInput[],
    partitions: readonly number[],
    bytes: number,
    batchLimit: number,
  ): Promise<number[]> {
    await this.#makeRoom(bytes)
    this.#bufferedBytes += bytes
    this.#pending++
    try {
      const { clock, deliveryTimeoutMs } = this.#cluster.settings
      const now = clock.now()
      const slots = records.map((record, i) =>
        this.#queue(topic, partitions[i]!).add(record, now, batchLimit, now + deliveryTimeoutMs),
      )
      this.#schedule()
      return await offsets(slots, topic)
    } finally {
      this.#bufferedBytes -= bytes
      this.#pending--
      for (const wake of this.#room.splice(0)) wake()
      if (this.#pending === 0) for (const wake of this.#idle.splice(0)) wake()
    }
  }

  /** Resolves when nothing is under way. */
  async flush(): Promise<void> {
    while (this.#pending > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
    this.#timer?.clear()
  }

  /** Forgets a topic that was deleted: one made anew under its name begins with nothing. */
  forget(topic: string): void {
    for (const [key, queue] of this.#queues)
      if (queue.topic === topic && queue.batches.length === 0) this.#queues.delete(key)
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { maxBufferedBytes } = this.#cluster.settings
    while (this.#bufferedBytes > 0 && this.#bufferedBytes + bytes > maxBufferedBytes)
      await new Promise<void>((resolve) => this.#room.push(resolve))
  }

  #queue(topic: string, partition: number): PartitionQueue {
    const key = `${topic} ${partition}`
    let queue = this.#queues.get(key)
    if (queue === undefined) this.#queues.set(key, (queue = new PartitionQueue(topic, partition)))
    return queue
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    const drain = (): void => {
      this.#scheduled = false
      void this.#drain()
    }
    const { lingerMs, clock } = this.#cluster.settings
    if (lingerMs > 0) this.#timer = clock.after(lingerMs, drain)
    else setImmediate(drain)
  }

  /** Sends the first batch of each partition that has none under way. */
  async #drain(): Promise<void> {
    const now = this.#cluster.settings.clock.now()
    const ready = [...this.#queues.values()].filter(
      ({ inFlight, batches, notBefore }) => !inFlight && batches.length > 0 && notBefore <= now,
    )
    if (ready.length === 0) return
    for (const queue of ready) queue.inFlight = true
    let outgoing: Outgoing[]
    try {
      outgoing = await Promise.all(ready.map((queue) => this.#prepare(queue)))
    } catch (error) {
      for (const queue of ready) this.#failed(queue, queue.batches[0]!, asKafkaError(error), false)
      return
    }
    // Each leader's answer is taken when it comes: one that is slow holds up its own partitions only.
    const byLeader = Map.groupBy(outgoing, ({ topic, partition }) => this.#knownLeader(topic, partition))
    await Promise.all([...byLeader.values()].map((group) => this.#send(group)))
  }

  async #send(outgoing: readonly Outgoing[]): Promise<void> {
    const sent = await sendBatches(this.#cluster, 'produce', null, 9, outgoing)
    for (const [{ queue, pending }, result] of sent) {
      if ('error' in result) this.#failed(queue, pending, result.error, true)
      else {
        queue.batches.shift()
        queue.inFlight = false
        queue.nextSequence = pending.sequence + pending.builder.count
        pending.resolve(result.baseOffset)
        publish('heddle:log:kafka:produce', () => ({
          topic: queue.topic,
          partition: queue.partition,
          records: pending.builder.count,
          bytes: pending.encoded!.length,
          failures: pending.failures,
        }))
        if (queue.batches.length > 0) this.#schedule()
      }
    }
  }

  #knownLeader(topic: string, partition: number): number {
    return this.#cluster.knownTopic(topic)?.leaders[partition] ?? -1
  }

  async #prepare(queue: PartitionQueue): Promise<Outgoing> {
    const pending = queue.batches[0]!
    if (queue.identity === undefined) {
      queue.identity = await this.#producerIdentity()
      queue.nextSequence = 0
      pending.identity = undefined
    }
    pending.encoded ??= pending.builder.finish(this.#cluster.settings.compression, false)
    queue.lastBytes = pending.builder.bytes
    if (pending.identity === undefined) {
      pending.identity = queue.identity
      pending.sequence = queue.nextSequence
      stampBatch(pending.encoded, queue.identity, pending.sequence)
    }
    return { topic: queue.topic, partition: queue.partition, batch: pending.encoded, queue, pending }
  }

  /** @param sent Whether it may have reached the broker. */
  #failed(queue: PartitionQueue, pending: PendingBatch, error: KafkaError, sent: boolean): void {
    const { clock } = this.#cluster.settings
    const waitMs = backoffMs(pending.failures++)
    const lost = identityLost.has(error.id)
    if (lost) {
      queue.identity = undefined
      this.#identity = undefined
    }
    const retry = lost ? pending.failures < 10 : error.retryable
    publish('heddle:log:kafka:retry', () => ({
      what: `append to ${queue.topic} ${queue.partition}`,
      error: error.message,
      failures: pending.failures,
      given: retry ? 'again' : 'up',
    }))
    if (retry && clock.now() + waitMs <= pending.deadline) {
      queue.notBefore = clock.now() + waitMs
      queue.inFlight = false
      clock.after(waitMs, () => {
        queue.notBefore = 0
        this.#schedule()
      })
      return
    }
    queue.batches.shift()
    queue.inFlight = false
    // It may still be written by a request that the broker has: what follows must not take its sequence.
    if (sent && error.retryable) queue.identity = undefined
    if (queue.identity === undefined) this.#identity = undefined
    pending.reject(heddleError(error, `append to '${queue.topic}', partition ${queue.partition}`))
    if (queue.batches.length > 0) this.#schedule()
  }

  /** Shared by the partitions until one of them needs another. */
  #producerIdentity(): Promise<ProducerIdentity> {
    this.#identity ??= this.#askIdentity().catch((error: unknown) => {
      this.#identity = undefined
      throw error
    })
    return this.#identity
  }

  #askIdentity(): Promise<ProducerIdentity> {
    const { clock, requestTimeoutMs } = this.#cluster.settings
    return retrying(clock, requestTimeoutMs, async () => {
      const { errorCode, producerId, producerEpoch } = await this.#cluster.requestAny(
        'control',
        initProducerIdV4.api,
        null,
        0,
        -1n,
        -1,
      )
      checkCode(errorCode)
      return { id: producerId, epoch: producerEpoch }
    })
  }
}

async function offsets(slots: readonly Slot[], topic: string): Promise<number[]> {
  const batches = [...new Set(slots.map(({ batch }) => batch))]
  if (batches.length === 1) {
    const base = await batches[0]!.written
    return slots.map(({ index }) => base + index)
  }
  const results = await Promise.allSettled(batches.map(({ written }) => written))
  const failed = results.find((result) => result.status === 'rejected')
  const bases = new Map(batches.map((batch, i) => [batch, results[i]!] as const))
  if (failed === undefined)
    return slots.map(({ batch, index }) => (bases.get(batch) as PromiseFulfilledResult<number>).value + index)
  const appended = slots.filter(({ batch }) => bases.get(batch)!.status === 'fulfilled').length
  const error = failed.reason as HeddleError
  if (appended === 0) throw error
  throw new HeddleError(
    error.code,
    `${error.detail}; ${appended} of ${slots.length} records are in other batches of '${topic}', and were appended`,
    { cause: error, info: { ...error.info, appended } },
  )
}
