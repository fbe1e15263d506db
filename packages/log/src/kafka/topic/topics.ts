/**
 * Topics as code: created, described, altered and deleted on the brokers.
 *
 * @module
 */
import { HeddleError, type TopicConfig, type TopicInfo, type TopicSpec } from '@heddle/core'
import {
  createPartitionsV3,
  createTopicsV7,
  deleteTopicsV6,
  describeConfigsV4,
  incrementalAlterConfigsV1,
} from '@platformatic/kafka'
import { changedTopic, difference, newTopic } from '../../topic/topic-config.ts'
import type { Cluster, TopicMetadata } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import { KafkaError, checkCode, errorOf } from '../errors.ts'
import { type Registry, untilReady } from './registry.ts'
import { type KafkaConfig, futureSetting, kafkaConfig, topicInfo } from './topic-settings.ts'

/** Kafka's type of resource for a topic. */
const topicResource = 2
const setOperation = 0 as const

/** A topic as appends need it. */
export interface KnownTopic {
  readonly info: TopicInfo
  readonly id: string
  readonly name: string
  partitions: number
  /** Events are written in the structured mode. */
  readonly structured: boolean
  /** Largest batch, in bytes. */
  readonly batchLimit: number
  /** Whose turn it is for records without a key. */
  turn: number
  readonly fetchedAt: number
}

export class Topics {
  readonly #cluster: Cluster
  readonly #registry: Registry
  readonly #known = new Map<string, KnownTopic>()
  readonly #asking = new Map<string, Promise<KnownTopic | undefined>>()
  /** Settings that the brokers are too old for. */
  readonly #unknown = new Set<string>()

  constructor(cluster: Cluster, registry: Registry) {
    this.#cluster = cluster
    this.#registry = registry
  }

  /**
   * A topic, as it was at most `metadataMaxAgeMs` ago.
   * @throws HEDDLE_LOG_UNKNOWN_TOPIC
   */
  async get(name: string): Promise<KnownTopic> {
    const { clock, metadataMaxAgeMs } = this.#cluster.settings
    const known = this.#known.get(name)
    if (known !== undefined && clock.now() - known.fetchedAt < metadataMaxAgeMs) return known
    const found = await this.#lookUp(name)
    if (found === undefined) throw unknownTopic(name)
    return found
  }

  async describe(name: string): Promise<TopicInfo | undefined> {
    return (await this.#lookUp(name))?.info
  }

  async list(): Promise<TopicInfo[]> {
    const all = await this.#retrying(() => this.#cluster.allTopics())
    const own = all.filter(({ name }) => !name.startsWith('__'))
    await this.#registry.refresh()
    const configs = await this.#configs(own.map(({ name }) => name))
    return own
      .map((metadata) => this.#remember(metadata, configs.get(metadata.name) ?? {}).info)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async create(spec: TopicSpec): Promise<TopicInfo> {
    const { settings } = this.#cluster
    const { clock, requestTimeoutMs } = settings
    const wanted = newTopic(spec, clock.now())
    const { name, partitions } = wanted
    const there = await this.#lookUp(name)
    if (there !== undefined) return unlessDifferent(there.info, spec)
    const replicas = await this.#replicas()
    const created = await this.#retrying(async () => {
      const answer = await this.#cluster.requestAny(
        'admin',
        createTopicsV7.api,
        [
          {
            name,
            numPartitions: partitions,
            replicationFactor: settings.replicationFactor,
            assignments: [],
            configs: Object.entries(this.#kafkaConfig(wanted, replicas)).map(([key, value]) => ({
              name: key,
              value,
            })),
          },
        ],
        requestTimeoutMs,
        false,
      )
      const result = answer.topics[0]!
      if (errorOf(result.errorCode)?.id === 'TOPIC_ALREADY_EXISTS') return undefined
      this.#checkConfig(result.errorCode, result.errorMessage)
      return result.topicId
    })
    await untilReady(this.#cluster, name, partitions)
    if (created === undefined) return unlessDifferent((await this.#lookUp(name))!.info, spec)
    const { createdAt, dedupe, durability, maxRecordBytes } = wanted
    await this.#registry.put(name, { id: created, createdAt, dedupe, durability, maxRecordBytes })
    await this.#lookUp(name)
    return wanted
  }

  async alter(name: string, changes: Partial<TopicConfig>): Promise<TopicInfo> {
    const there = await this.#lookUp(name)
    if (there === undefined) throw unknownTopic(name)
    const { settings } = this.#cluster
    const changed = changedTopic(there.info, changes)
    if (changed.partitions > there.info.partitions) {
      await this.#retrying(async () => {
        const answer = await this.#cluster.requestAny(
          'admin',
          createPartitionsV3.api,
          [{ name, count: changed.partitions, assignments: null }],
          settings.requestTimeoutMs,
          false,
        )
        for (const { errorCode, errorMessage } of answer.results) checkCode(errorCode, errorMessage)
      })
      await untilReady(this.#cluster, name, changed.partitions)
    }
    const replicas = this.#cluster.knownTopic(name)?.replicas ?? 1
    await this.#retrying(async () => {
      const configs = Object.entries(this.#kafkaConfig(changed, replicas)).map(([key, value]) => ({
        name: key,
        configOperation: setOperation,
        value,
      }))
      const resource = { resourceType: topicResource, resourceName: name, configs } as const
      const answer = await this.#cluster.requestAny('admin', incrementalAlterConfigsV1.api, [resource], false)
      for (const { errorCode, errorMessage } of answer.responses) this.#checkConfig(errorCode, errorMessage)
    })
    const { createdAt, dedupe, durability, maxRecordBytes } = changed
    await this.#registry.put(name, { id: there.id, createdAt, dedupe, durability, maxRecordBytes })
    this.#known.delete(name)
    await this.#untilKafkaSays(name, this.#kafkaConfig(changed, replicas))
    return changed
  }

  async delete(name: string): Promise<void> {
    const { requestTimeoutMs } = this.#cluster.settings
    const there = await this.#lookUp(name)
    if (there === undefined) throw unknownTopic(name)
    await this.#retrying(async () => {
      const answer = await this.#cluster.requestAny(
        'admin',
        deleteTopicsV6.api,
        [{ name, topicId: null }],
        requestTimeoutMs,
      )
      const result = answer.responses[0]!
      if (errorOf(result.errorCode)?.id !== 'UNKNOWN_TOPIC_OR_PARTITION')
        checkCode(result.errorCode, result.errorMessage)
    })
    await this.#retrying(async () => {
      const metadata = await this.#cluster.refresh(name)
      if (metadata?.id === there.id)
        throw new KafkaError('REQUEST_TIMED_OUT', `${name} is still there`, { retryable: true })
    })
    this.forget(name)
    await this.#registry.put(name, null)
  }

  forget(name: string): void {
    this.#known.delete(name)
    this.#cluster.forgetTopic(name)
  }

  /** Asks the brokers and the registry. */
  #lookUp(name: string): Promise<KnownTopic | undefined> {
    let asking = this.#asking.get(name)
    if (asking === undefined) {
      asking = this.#ask(name).finally(() => this.#asking.delete(name))
      this.#asking.set(name, asking)
    }
    return asking
  }

  async #ask(name: string): Promise<KnownTopic | undefined> {
    return this.#retrying(async () => {
      const metadata = await this.#cluster.refresh(name)
      if (metadata === undefined) {
        this.#known.delete(name)
        return undefined
      }
      const [configs] = await Promise.all([this.#configs([name]), this.#registry.refresh()])
      const config = configs.get(name)
      // Deleted in between; or made a moment ago, and the broker that was asked has not heard of it.
      if (config === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', name, { retryable: true })
      return this.#remember(metadata, config)
    })
  }

  #remember(metadata: TopicMetadata, config: KafkaConfig): KnownTopic {
    const { name, id, leaders } = metadata
    const info = topicInfo(name, leaders.length, config, this.#registry.get(name, id))
    const maxBatch = Number(config['max.message.bytes'] ?? 1_048_588)
    const known: KnownTopic = {
      info,
      id,
      name,
      partitions: leaders.length,
      structured: this.#cluster.settings.structured.includes(name),
      batchLimit: Math.min(this.#cluster.settings.maxBatchBytes, maxBatch - 512),
      turn: this.#known.get(name)?.turn ?? Math.floor(Math.random() * leaders.length),
      fetchedAt: metadata.fetchedAt,
    }
    this.#known.set(name, known)
    return known
  }

  async #configs(names: readonly string[]): Promise<Map<string, KafkaConfig>> {
    if (names.length === 0) return new Map()
    const resources = names.map(
      (resourceName) => ({ resourceType: topicResource, resourceName, configurationKeys: null }) as const,
    )
    return this.#retrying(async () => {
      const answer = await this.#cluster.requestAny(
        'admin',
        describeConfigsV4.api,
        [...resources],
        false,
        false,
      )
      const found = new Map<string, KafkaConfig>()
      for (const { errorCode, errorMessage, resourceName, configs } of answer.results) {
        if (errorOf(errorCode)?.id === 'UNKNOWN_TOPIC_OR_PARTITION') continue
        checkCode(errorCode, errorMessage)
        found.set(resourceName, Object.fromEntries(configs.map(({ name, value }) => [name, value ?? ''])))
      }
      return found
    })
  }

  /** Brokers take a change over one after another. */
  async #untilKafkaSays(name: string, config: KafkaConfig): Promise<void> {
    await this.#retrying(async () => {
      const now = (await this.#configs([name])).get(name) ?? {}
      for (const [key, value] of Object.entries(config))
        if (now[key] !== value)
          throw new KafkaError('REQUEST_TIMED_OUT', `${name}: ${key}`, { retryable: true })
    })
  }

  #kafkaConfig(config: TopicConfig, replicas: number): KafkaConfig {
    const all = Object.entries(kafkaConfig(config, this.#cluster.settings, replicas))
    return Object.fromEntries(all.filter(([name]) => !this.#unknown.has(name)))
  }

  /** @throws KafkaError that is retryable when a setting was refused that can be left out: it is, from now on. */
  #checkConfig(code: number, detail: string | null = null): void {
    const error = errorOf(code, detail)
    if (error === undefined) return
    if (error.id !== 'INVALID_CONFIG' || !error.message.includes(futureSetting)) throw error
    this.#unknown.add(futureSetting)
    throw new KafkaError(error.id, error.message, { cause: error, retryable: true })
  }

  /** How many copies a topic will have, as far as can be told before it is there. */
  async #replicas(): Promise<number> {
    const { replicationFactor } = this.#cluster.settings
    if (replicationFactor > 0) return replicationFactor
    await this.#cluster.allTopics()
    return this.#cluster.brokers.length === 1 ? 1 : 2
  }

  #retrying<T>(attempt: () => Promise<T>): Promise<T> {
    const { clock, deliveryTimeoutMs } = this.#cluster.settings
    return retrying(clock, deliveryTimeoutMs, attempt)
  }
}

export function unknownTopic(name: string): HeddleError {
  return new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC', `'${name}'`, { info: { topic: name } })
}

function unlessDifferent(info: TopicInfo, spec: TopicSpec): TopicInfo {
  const setting = difference(info, spec)
  if (setting === undefined) return info
  throw new HeddleError(
    'HEDDLE_LOG_TOPIC_EXISTS',
    `'${info.name}' has ${setting} ${JSON.stringify(info[setting])}, and ${JSON.stringify(spec[setting])} was asked for`,
    { info: { topic: info.name, setting, has: info[setting], wanted: spec[setting] } },
  )
}
