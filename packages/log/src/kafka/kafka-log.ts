import {
  type AppendOptions,
  type Appended,
  type CommittedOffset,
  type Fetched,
  type Follower,
  type GroupInfo,
  type GroupMember,
  type GroupOptions,
  HeddleError,
  type Log,
  type LogFeatures,
  type PartitionInfo,
  type Position,
  type ReadOptions,
  type RecordInput,
  type Store,
  type StoreOptions,
  type TopicConfig,
  type TopicInfo,
  type TopicPartition,
  type TopicSpec,
  type Transactor,
} from '@heddle/core'
import { type Abilities, Cluster } from './client/cluster.ts'
import { heddleError } from './errors.ts'
import { Fetcher, outOfRange } from './fetch/fetcher.ts'
import { listBeginnings, listEnds, listOffsets } from './fetch/list-offsets.ts'
import { partitionBytes } from './fetch/partition-bytes.ts'
import { Groups } from './group/groups.ts'
import { type KafkaLogOptions, settingsOf } from './options.ts'
import { Appender } from './produce/appender.ts'
import { Producer } from './produce/producer.ts'
import { Stores } from './store/stores.ts'
import { deleteRecords } from './topic/delete-records.ts'
import { Registry } from './topic/registry.ts'
import { Topics, unknownTopic } from './topic/topics.ts'
import { endHanging } from './transaction/hanging.ts'
import type { LastTransaction } from './transaction/settling.ts'
import { KafkaTransactor } from './transaction/transactor.ts'

export class KafkaLog implements Log {
  readonly features: LogFeatures = {
    sharedByProcesses: true,
    compaction: true,
    dedupe: true,
    transactions: true,
    pipelinedCommits: true,
  }

  readonly #cluster: Cluster
  readonly #abilities: Abilities
  readonly #fetcher: Fetcher
  readonly #producer: Producer
  readonly #topics: Topics
  readonly #appender: Appender
  readonly #groups: Groups
  readonly #stores: Stores
  readonly #transactors = new Set<KafkaTransactor>()
  readonly #lastTransactions = new Map<string, LastTransaction>()
  #closed: Promise<void> | undefined

  private constructor(cluster: Cluster, abilities: Abilities) {
    this.#cluster = cluster
    this.#abilities = abilities
    this.#fetcher = new Fetcher(cluster)
    this.#producer = new Producer(cluster)
    this.#topics = new Topics(cluster, new Registry(cluster, this.#fetcher, this.#producer))
    this.#appender = new Appender(cluster, this.#topics, this.#producer, this.#fetcher)
    this.#groups = new Groups(cluster, abilities, (group) =>
      endHanging(cluster, group, {
        own: () => this.#transactors,
        open: (id) => this.#openTransactor(id),
      }),
    )
    this.#stores = new Stores(cluster, this.#fetcher)
  }

  /** See `openKafkaLog`. */
  static async open(options: KafkaLogOptions): Promise<KafkaLog> {
    const cluster = new Cluster(settingsOf(options))
    try {
      return new KafkaLog(cluster, await cluster.abilities())
    } catch (error) {
      await cluster.close()
      throw heddleError(error, `open ${cluster.settings.brokers.join(', ')}`)
    }
  }

  createTopic(spec: TopicSpec): Promise<TopicInfo> {
    return this.#do(`create topic '${spec.name}'`, () => this.#topics.create(spec))
  }

  describeTopic(name: string): Promise<TopicInfo | undefined> {
    return this.#do(`describe topic '${name}'`, () => this.#topics.describe(name))
  }

  alterTopic(name: string, changes: Partial<TopicConfig>): Promise<TopicInfo> {
    return this.#do(`alter topic '${name}'`, () => this.#topics.alter(name, changes))
  }

  deleteTopic(name: string): Promise<void> {
    return this.#do(`delete topic '${name}'`, async () => {
      await this.#topics.delete(name)
      this.#producer.forget(name)
      this.#appender.forget(name)
      this.#fetcher.forget(name)
    })
  }

  listTopics(): Promise<readonly TopicInfo[]> {
    return this.#do('list topics', () => this.#topics.list())
  }

  deleteRecords(before: Position): Promise<void> {
    return this.#do(`delete records of '${before.topic}'`, async () => {
      await this.#check([before])
      await deleteRecords(this.#cluster, before)
      this.#fetcher.forget(before.topic)
    })
  }

  partitions(topic: string): Promise<readonly PartitionInfo[]> {
    return this.#do(`partitions of '${topic}'`, async () => {
      const info = await this.#topics.describe(topic)
      if (info === undefined) throw unknownTopic(topic)
      const places = Array.from({ length: info.partitions }, (_, partition) => ({ topic, partition }))
      const [earliest, latest, bytes] = await Promise.all([
        listBeginnings(this.#cluster, places),
        listEnds(this.#cluster, places),
        partitionBytes(this.#cluster, places),
      ])
      return places.map((place, i) => ({
        ...place,
        earliest: earliest[i]!,
        latest: latest[i]!,
        bytes: bytes[i]!,
      }))
    })
  }

  offsetAt(partition: TopicPartition, timestamp: number): Promise<number> {
    return this.#do(`offset of ${partition.topic} at ${timestamp}`, async () => {
      await this.#check([partition])
      // Negative times are Kafka's names for places; records have none.
      const time = BigInt(Math.max(0, Math.ceil(timestamp)))
      const [found] = await listOffsets(this.#cluster, [partition], time)
      return found! >= 0 ? found! : (await listEnds(this.#cluster, [partition]))[0]!
    })
  }

  append(
    topic: string,
    records: readonly RecordInput[],
    options?: AppendOptions,
  ): Promise<readonly Appended[]> {
    return this.#do(`append to '${topic}'`, () =>
      this.#appender.append(topic, records, options?.dedupe === true),
    )
  }

  read(positions: readonly Position[], options?: ReadOptions): Promise<readonly Fetched[]> {
    return this.#do('read', async () => {
      await this.#check(positions)
      for (const position of positions)
        if (!(position.offset >= 0)) {
          const [[earliest], [latest]] = await Promise.all([
            listBeginnings(this.#cluster, [position]),
            listEnds(this.#cluster, [position]),
          ])
          throw outOfRange(position, { earliest: earliest!, latest: latest! })
        }
      return this.#fetcher.read(positions, options)
    })
  }

  joinGroup(options: GroupOptions): Promise<GroupMember> {
    return this.#do(`join group '${options.group}'`, async () => {
      for (const topic of options.topics) await this.#topics.get(topic)
      return this.#groups.join(options)
    })
  }

  listGroups(): Promise<readonly GroupInfo[]> {
    return this.#do('list groups', () => this.#groups.list())
  }

  resetOffsets(group: string, offsets: readonly CommittedOffset[]): Promise<void> {
    return this.#do(`reset offsets of group '${group}'`, async () => {
      await this.#check(offsets)
      await this.#groups.reset(group, offsets)
    })
  }

  deleteGroup(group: string): Promise<void> {
    return this.#do(`delete group '${group}'`, () => this.#groups.delete(group))
  }

  transactor(id: string): Promise<Transactor> {
    return this.#do(`open transactor '${id}'`, () => this.#openTransactor(id))
  }

  async #openTransactor(id: string): Promise<KafkaTransactor> {
    const transactor = await KafkaTransactor.open(id, {
      cluster: this.#cluster,
      abilities: this.#abilities,
      appender: this.#appender,
      lastTransactions: this.#lastTransactions,
      closed: () => this.#closed !== undefined,
    })
    this.#transactors.add(transactor)
    return transactor
  }

  store(name: string, { progress }: StoreOptions = {}): Promise<Store> {
    return this.#do(`open store '${name}'`, () => this.#stores.open(name, progress))
  }

  deleteStore(name: string): Promise<void> {
    return this.#do(`delete store '${name}'`, () => this.#stores.delete(name))
  }

  follow(name: string): Follower {
    if (this.#closed !== undefined) throw new HeddleError('HEDDLE_LOG_CLOSED')
    return this.#stores.follow(name)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#transactors].map((transactor) => transactor.close()))
    await this.#groups.close()
    await this.#producer.flush()
    await this.#stores.close()
    await this.#cluster.close()
  }

  /** @throws HEDDLE_LOG_UNKNOWN_TOPIC when one of the partitions is not there. */
  async #check(places: readonly TopicPartition[]): Promise<void> {
    for (const { topic, partition } of places) {
      let { partitions } = await this.#topics.get(topic)
      // It may have grown since.
      if (partition >= partitions) partitions = (await this.#topics.describe(topic))?.partitions ?? 0
      if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
        throw new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC', `'${topic}' has no partition ${partition}`, {
          info: { topic, partition },
        })
    }
  }

  async #do<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw new HeddleError('HEDDLE_LOG_CLOSED')
    try {
      return await work()
    } catch (error) {
      throw heddleError(error, what)
    }
  }
}
