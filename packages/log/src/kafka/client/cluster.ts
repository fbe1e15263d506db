/**
 * What is known of the brokers: who they are, who leads which partition, who coordinates which group, what they can do.
 *
 * @module
 */
import { type API, apiVersionsV3, findCoordinatorV4, metadataV12 } from '@platformatic/kafka'
import { errorOf, KafkaError, checkCode } from '../errors.ts'
import type { Settings } from '../options.ts'
import { type Address, Connections } from './connections.ts'
import { retrying } from './retry.ts'

export interface TopicMetadata {
  readonly name: string
  /** Given to each topic that is created, and never again. */
  readonly id: string
  /** By partition; -1 while there is none. */
  readonly leaders: readonly number[]
  readonly replicas: number
  readonly fetchedAt: number
}

export type CoordinatorKind = 'group' | 'transaction'

/** Which protocols the brokers speak. */
export interface Abilities {
  /** Groups by KIP-848. */
  readonly consumerGroups: boolean
  /** Transactions by KIP-890: the epoch grows with each, and partitions and groups come into one by being written. */
  readonly transactionEpochs: boolean
  /** Newest version of a request, or -1 when they do not know it. */
  newest(apiKey: number): number
}

/** Least versions of what is sent in one version only: all in Kafka 3.1, and all still in 4.3. */
const needed: readonly (readonly [apiKey: number, name: string, version: number])[] = [
  [0, 'Produce', 9],
  [1, 'Fetch', 12],
  [2, 'ListOffsets', 7],
  [3, 'Metadata', 12],
  [10, 'FindCoordinator', 4],
]

/** How many brokers have to say that there is no such topic: so that it costs no more in a large cluster. */
const brokersForNo = 5

export class Cluster {
  readonly settings: Settings
  readonly connections: Connections
  #brokers = new Map<number, Address>()
  #controller = -1
  readonly #topics = new Map<string, TopicMetadata>()
  readonly #coordinators = new Map<string, number>()
  #abilities: Promise<Abilities> | undefined
  /** Requests for metadata under way, by topic. */
  readonly #asking = new Map<string, Promise<TopicMetadata | undefined>>()

  constructor(settings: Settings) {
    this.settings = settings
    this.connections = new Connections(settings)
  }

  get brokers(): readonly number[] {
    return [...this.#brokers.keys()]
  }

  /** What the brokers can do; asked once. */
  abilities(): Promise<Abilities> {
    this.#abilities ??= this.#askAbilities().catch((error: unknown) => {
      this.#abilities = undefined
      throw error
    })
    return this.#abilities
  }

  /** Sends to a broker. */
  request<Arguments extends unknown[], Answer>(
    broker: number,
    lane: string,
    api: API<Arguments, Answer>,
    ...request: Arguments
  ): Promise<Answer> {
    const address = this.#brokers.get(broker)
    if (address === undefined)
      return Promise.reject(new KafkaError('BROKER_NOT_AVAILABLE', `broker ${broker}`, { retryable: true }))
    return this.connections.request(address, lane, api, ...request)
  }

  /** Sends to any broker that answers, beginning with the controller. */
  async requestAny<Arguments extends unknown[], Answer>(
    lane: string,
    api: API<Arguments, Answer>,
    ...request: Arguments
  ): Promise<Answer> {
    let last: unknown
    for (const address of this.#addresses()) {
      try {
        return await this.connections.request(address, lane, api, ...request)
      } catch (error) {
        last = error
        if (!(error instanceof KafkaError) || !error.retryable) throw error
      }
    }
    throw last
  }

  /** Sends to the coordinator of a group or transactional id. */
  async requestCoordinator<Arguments extends unknown[], Answer>(
    kind: CoordinatorKind,
    key: string,
    lane: string,
    api: API<Arguments, Answer>,
    ...request: Arguments
  ): Promise<Answer> {
    const broker = await this.coordinator(kind, key)
    try {
      return await this.request(broker, lane, api, ...request)
    } catch (error) {
      this.forgetCoordinator(kind, key)
      throw error
    }
  }

  async coordinator(kind: CoordinatorKind, key: string): Promise<number> {
    const name = `${kind} ${key}`
    const known = this.#coordinators.get(name)
    if (known !== undefined && this.#brokers.has(known)) return known
    const answer = await this.requestAny('control', findCoordinatorV4.api, kind === 'group' ? 0 : 1, [key])
    const found = answer.coordinators[0]
    if (found === undefined) throw new KafkaError('COORDINATOR_NOT_AVAILABLE', key)
    checkCode(found.errorCode, found.errorMessage)
    this.#brokers.set(found.nodeId, { host: found.host, port: found.port })
    this.#coordinators.set(name, found.nodeId)
    return found.nodeId
  }

  forgetCoordinator(kind: CoordinatorKind, key: string): void {
    this.#coordinators.delete(`${kind} ${key}`)
  }

  /**
   * A topic, as it was at most `metadataMaxAgeMs` ago; `undefined` when there is none.
   * @throws KafkaError when no broker answered.
   */
  topic(name: string): Promise<TopicMetadata | undefined> {
    const known = this.#topics.get(name)
    if (known !== undefined && this.settings.clock.now() - known.fetchedAt < this.settings.metadataMaxAgeMs)
      return Promise.resolve(known)
    return this.refresh(name)
  }

  /** What is known already. */
  knownTopic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name)
  }

  topicById(id: string): TopicMetadata | undefined {
    for (const topic of this.#topics.values()) if (topic.id === id) return topic
    return undefined
  }

  /**
   * Asks for a topic anew; two who ask at once share the answer. Brokers hear of a new topic one after another: there is none
   * only when no broker of several knows it.
   */
  refresh(name: string): Promise<TopicMetadata | undefined> {
    let asking = this.#asking.get(name)
    if (asking === undefined) {
      asking = this.#askFor(name)
        .then(() => this.#topics.get(name))
        .finally(() => this.#asking.delete(name))
      this.#asking.set(name, asking)
    }
    return asking
  }

  /** Names of all topics that are not the brokers' own. */
  async allTopics(): Promise<readonly TopicMetadata[]> {
    await this.#ask(null)
    return [...this.#topics.values()]
  }

  /** Asks again the next time. */
  forgetTopic(name: string): void {
    this.#topics.delete(name)
  }

  /** @throws KafkaError when the topic or its partition is not there, or has no leader now. */
  async leader(topic: string, partition: number): Promise<number> {
    const metadata = await this.topic(topic)
    const leader = metadata?.leaders[partition]
    if (leader === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', topic, { retryable: false })
    if (leader >= 0 && this.#brokers.has(leader)) return leader
    this.forgetTopic(topic)
    throw new KafkaError('LEADER_NOT_AVAILABLE', `${topic} ${partition}`)
  }

  async close(): Promise<void> {
    await this.connections.close()
  }

  async #askFor(name: string): Promise<void> {
    await this.#ask([name])
    for (const broker of this.brokers.slice(0, brokersForNo)) {
      if (this.#topics.has(name)) return
      try {
        this.#take(await this.request(broker, 'control', metadataV12.api, [name], false, false), [name])
      } catch (error) {
        // One that is down knows nothing.
        if (!(error instanceof KafkaError) || !error.retryable) throw error
      }
    }
  }

  /** @param names `null` for all. */
  async #ask(names: string[] | null): Promise<void> {
    this.#take(await this.requestAny('control', metadataV12.api, names, false, false), names)
  }

  #take(answer: metadataV12.MetadataResponse, names: string[] | null): void {
    if (answer.brokers.length > 0)
      this.#brokers = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    this.#controller = answer.controllerId
    const fetchedAt = this.settings.clock.now()
    const seen = new Set<string>()
    for (const { errorCode, name, topicId, partitions, isInternal } of answer.topics) {
      const error = errorOf(errorCode, name)
      if (name === null || name === undefined) continue
      if (error?.id === 'UNKNOWN_TOPIC_OR_PARTITION' || error?.id === 'INVALID_TOPIC_EXCEPTION') {
        this.#topics.delete(name)
        continue
      }
      if (error !== undefined) throw error
      if (isInternal && names === null) continue
      const leaders = partitions.map(() => -1)
      for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId
      seen.add(name)
      this.#topics.set(name, {
        name,
        id: topicId,
        leaders,
        replicas: partitions[0]?.replicaNodes.length ?? 1,
        fetchedAt,
      })
    }
    if (names === null) for (const name of this.#topics.keys()) if (!seen.has(name)) this.#topics.delete(name)
  }

  async #askAbilities(): Promise<Abilities> {
    const { clock, openTimeoutMs } = this.settings
    const answer = await retrying(clock, openTimeoutMs, async () => {
      const given = await this.requestAny('control', apiVersionsV3.api, 'heddle', '0.1.0')
      checkCode(given.errorCode)
      return given
    })
    const versions = new Map(
      answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion] as const]),
    )
    for (const [apiKey, name, version] of needed) {
      const [least, most] = versions.get(apiKey) ?? [0, -1]
      if (version < least || version > most)
        throw new KafkaError(
          'UNSUPPORTED_VERSION',
          `${name} ${version} is not spoken there; Kafka 3.1 and newer are`,
          {
            retryable: false,
          },
        )
    }
    const level = (feature: string): number =>
      answer.finalizedFeatures?.find(({ name }) => name === feature)?.maxVersionLevel ?? 0
    const newest = (apiKey: number): number => versions.get(apiKey)?.[1] ?? -1
    return {
      newest,
      consumerGroups: newest(68) >= 1 && level('group.version') >= 1,
      transactionEpochs: level('transaction.version') >= 2 && newest(0) >= 12,
    }
  }

  /** The controller, then the other brokers, then those that were named to begin with. */
  *#addresses(): Generator<Address> {
    const controller = this.#brokers.get(this.#controller)
    if (controller !== undefined) yield controller
    for (const [id, address] of new Map(this.#brokers)) if (id !== this.#controller) yield address
    for (const broker of this.settings.brokers) {
      const colon = broker.lastIndexOf(':')
      yield { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) }
    }
  }
}
