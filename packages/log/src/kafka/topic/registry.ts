/**
 * What Kafka cannot keep of a topic, in a compacted topic of our own.
 *
 * ```
 * topic  = "__heddle_topics", 1 partition, cleanup.policy compact
 * key    = name of the topic
 * value  = JSON { format: 1, id, createdAt, dedupe, durability, maxRecordBytes }; null when it was deleted
 * ```
 *
 * `id` is Kafka's id of the topic: what stands here of one that was deleted and made anew elsewhere does not count.
 *
 * @module
 */
import { createTopicsV7 } from '@platformatic/kafka'
import type { Cluster } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import { KafkaError, checkCode, errorOf } from '../errors.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import { listBeginnings, listEnds } from '../fetch/list-offsets.ts'
import type { Producer } from '../produce/producer.ts'
import type { Registered } from './topic-settings.ts'

const registryTopic = '__heddle_topics'

const place = { topic: registryTopic, partition: 0 }

export class Registry {
  readonly #cluster: Cluster
  readonly #fetcher: Fetcher
  readonly #producer: Producer
  readonly #topics = new Map<string, Registered>()
  #offset: number | undefined
  #reading: Promise<void> | undefined

  constructor(cluster: Cluster, fetcher: Fetcher, producer: Producer) {
    this.#cluster = cluster
    this.#fetcher = fetcher
    this.#producer = producer
  }

  get(name: string, id: string): Registered | undefined {
    const registered = this.#topics.get(name)
    return registered?.id === id ? registered : undefined
  }

  /** Reads what was written since the last time. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined))
    return this.#reading
  }

  async put(name: string, registered: Registered | null): Promise<void> {
    await this.#ensure()
    const value = registered === null ? null : JSON.stringify({ format: 1, ...registered })
    await this.#producer.append(registryTopic, [{ key: name, value }], [0], 512, 2 ** 19)
    if (registered === null) this.#topics.delete(name)
    else this.#topics.set(name, registered)
  }

  async #read(): Promise<void> {
    if ((await this.#cluster.topic(registryTopic)) === undefined) return
    const [end] = await listEnds(this.#cluster, [place])
    this.#offset ??= (await listBeginnings(this.#cluster, [place]))[0]!
    while (this.#offset < end!) {
      const [fetched] = await this.#fetcher.read([{ ...place, offset: this.#offset }], { waitMs: 1_000 })
      if (fetched === undefined) continue
      for (const { key, value } of fetched.records) {
        const name = Buffer.from(key ?? []).toString()
        if (value === null) this.#topics.delete(name)
        else this.#topics.set(name, JSON.parse(Buffer.from(value).toString()) as Registered)
      }
      this.#offset = fetched.nextOffset
    }
  }

  async #ensure(): Promise<void> {
    if ((await this.#cluster.topic(registryTopic)) !== undefined) return
    await createInternalTopic(this.#cluster, registryTopic, { 'cleanup.policy': 'compact' })
  }
}

/** Creates a topic of one partition for our own use, unless it is there; returns when it can be written. */
export async function createInternalTopic(
  cluster: Cluster,
  name: string,
  config: Readonly<Record<string, string>>,
): Promise<void> {
  const { replicationFactor, minInsyncReplicas, clock, deliveryTimeoutMs, requestTimeoutMs } =
    cluster.settings
  const configs = Object.entries({
    ...config,
    ...(minInsyncReplicas === undefined ? {} : { 'min.insync.replicas': String(minInsyncReplicas) }),
  }).map(([key, value]) => ({ name: key, value }))
  await retrying(clock, deliveryTimeoutMs, async () => {
    const answer = await cluster.requestAny(
      'admin',
      createTopicsV7.api,
      [{ name, numPartitions: 1, replicationFactor, assignments: [], configs }],
      requestTimeoutMs,
      false,
    )
    const result = answer.topics[0]!
    if (errorOf(result.errorCode)?.id !== 'TOPIC_ALREADY_EXISTS')
      checkCode(result.errorCode, result.errorMessage)
  })
  await untilReady(cluster, name, 1)
}

/** Waits until all brokers' metadata, as far as can be seen, has the partitions with their leaders. */
export async function untilReady(cluster: Cluster, name: string, partitions: number): Promise<void> {
  const { clock, deliveryTimeoutMs } = cluster.settings
  await retrying(clock, deliveryTimeoutMs, async () => {
    const metadata = await cluster.refresh(name)
    const leaders = metadata?.leaders ?? []
    if (leaders.length < partitions || leaders.some((leader) => leader < 0))
      throw new KafkaError('LEADER_NOT_AVAILABLE', name)
  })
}
