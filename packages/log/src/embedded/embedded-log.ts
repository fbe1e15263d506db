import {
  type AppendOptions,
  type Appended,
  type CommittedOffset,
  type Fetched,
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
  type TopicConfig,
  type TopicInfo,
  type TopicPartition,
  type TopicSpec,
  type Transactor,
} from '@heddle/core'
import { makeFolder } from './database.ts'
import { deleteGroup, listGroups, resetOffsets } from './group/admin.ts'
import { EmbeddedMember } from './group/member.ts'
import { type LogCore, openCore } from './log-core.ts'
import { type EmbeddedLogOptions, withDefaults } from './options.ts'
import { deleteStore, openStore } from './state.ts'
import { EmbeddedTransactor } from './transactor.ts'
import { deleteBefore } from './upkeep/delete-before.ts'

const features: LogFeatures = {
  sharedByProcesses: true,
  compaction: true,
  dedupe: true,
  transactions: true,
  pipelinedCommits: true,
}

/** Logs that this process has open, by the real path of their folder. */
const shared = new Map<string, { readonly core: Promise<LogCore>; handles: number }>()

/**
 * Opens the log in a folder, or makes it. To open the same folder again in one process gives another handle on the same
 * log, with the settings of the first; the log is closed with its last handle. Other processes may open it too.
 *
 * @throws HEDDLE_LOG_OPEN_FAILED, HEDDLE_LOG_FORMAT_UNKNOWN
 * @example
 * const log = await openEmbeddedLog({ path: './data' })
 * await log.createTopic({ name: 'orders' })
 * await log.append('orders', [{ key: 'c1', value: '{"total":12}' }])
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const settings = withDefaults(options)
  const path = makeFolder(settings.path)
  const entry = shared.get(path) ?? { core: openCore(settings), handles: 0 }
  shared.set(path, entry)
  entry.handles++
  const release = async (core: LogCore | undefined): Promise<void> => {
    if (--entry.handles > 0) return
    // Whoever opens it from here on gets a new one, which waits for this one in LMDB's own lock.
    shared.delete(path)
    await core?.close()
  }
  try {
    return new EmbeddedLog(await entry.core, release)
  } catch (error) {
    await release(undefined)
    throw error
  }
}

/** A handle on an embedded log. Made by `openEmbeddedLog`. */
export class EmbeddedLog implements Log {
  readonly features: LogFeatures = features
  readonly #core: LogCore
  readonly #release: (core: LogCore) => Promise<void>
  readonly #members = new Set<EmbeddedMember>()
  #closed: Promise<void> | undefined

  constructor(core: LogCore, release: (core: LogCore) => Promise<void>) {
    this.#core = core
    this.#release = release
  }

  async createTopic(spec: TopicSpec): Promise<TopicInfo> {
    const { topics, committer, settings } = this.#open()
    return topics.create(committer, spec, settings.clock.now())
  }

  async describeTopic(name: string): Promise<TopicInfo | undefined> {
    const { topics } = this.#fresh()
    return topics.find(name)?.info
  }

  async alterTopic(name: string, changes: Partial<TopicConfig>): Promise<TopicInfo> {
    const { topics, committer } = this.#open()
    return topics.alter(committer, name, changes)
  }

  async deleteTopic(name: string): Promise<void> {
    const { topics, committer } = this.#open()
    await topics.delete(committer, name)
  }

  async listTopics(): Promise<readonly TopicInfo[]> {
    const { topics } = this.#fresh()
    return topics.all().map(({ info }) => info)
  }

  async deleteRecords(before: Position): Promise<void> {
    const core = this.#open()
    await deleteBefore(core.settings.path, core.committer, core.partition(before), before.offset)
  }

  async partitions(topic: string): Promise<readonly PartitionInfo[]> {
    const { topics, reader } = this.#fresh()
    return topics.get(topic).partitions.map((partition) => {
      const { earliest, next, bytes } = reader.head(partition)
      return { topic, partition: partition.index, earliest, latest: next, bytes }
    })
  }

  async offsetAt(place: TopicPartition, timestamp: number): Promise<number> {
    const core = this.#fresh()
    return core.reader.offsetAt(core.partition(place), timestamp)
  }

  async append(
    topic: string,
    records: readonly RecordInput[],
    options: AppendOptions = {},
  ): Promise<readonly Appended[]> {
    return this.#open().append(topic, records, options.dedupe ?? false)
  }

  async read(positions: readonly Position[], options: ReadOptions = {}): Promise<readonly Fetched[]> {
    return this.#open().read(positions, options, () => void this.#open())
  }

  async joinGroup(options: GroupOptions): Promise<GroupMember> {
    const core = this.#open()
    for (const topic of options.topics) core.topics.get(topic)
    core.poller.want()
    const member = await EmbeddedMember.join(
      {
        path: core.settings.path,
        tree: core.tree,
        clock: core.settings.clock,
        committer: core.committer,
        topics: core.topics,
        alone: core.settings.pollMs === Number.POSITIVE_INFINITY,
        open: () => void this.#open(),
        left: (former) => {
          core.members.delete(former)
          this.#members.delete(former)
          core.poller.release()
        },
      },
      options,
    )
    core.members.add(member)
    this.#members.add(member)
    return member
  }

  async listGroups(): Promise<readonly GroupInfo[]> {
    const { tree, topics, settings } = this.#fresh()
    return listGroups(tree, topics, settings.clock.now())
  }

  async resetOffsets(group: string, offsets: readonly CommittedOffset[]): Promise<void> {
    const { committer, topics } = this.#open()
    await resetOffsets(committer, topics, group, offsets)
  }

  async deleteGroup(group: string): Promise<void> {
    await deleteGroup(this.#open().committer, group)
  }

  async transactor(id: string): Promise<Transactor> {
    const core = this.#open()
    return EmbeddedTransactor.open(id, {
      committer: core.committer,
      topics: core.topics,
      appends: core.appends,
      open: () => void this.#open(),
      flush: () => core.flush(),
    })
  }

  async store(name: string): Promise<Store> {
    const core = this.#fresh()
    return openStore(name, core.tree, core.committer, () => void this.#open())
  }

  deleteStore(name: string): Promise<void> {
    return deleteStore(name, this.#fresh().committer)
  }

  /**
   * Does now what is done in the background otherwise: applies retention, compacts all that there is to compact, and
   * removes what deleted topics left behind.
   */
  async maintain(): Promise<void> {
    await this.#open().maintain(true)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const core = this.#core
    // Turn by turn, so that what was called before is under way.
    this.#core.wakeAll()
    await Promise.all([...this.#members].map((member) => member.abandon()))
    await this.#release(core)
  }

  #open(): LogCore {
    if (this.#closed !== undefined) throw new HeddleError('HEDDLE_LOG_CLOSED')
    return this.#core
  }

  /** The log as it is now, and not as this turn of the event loop first saw it. */
  #fresh(): LogCore {
    const core = this.#open()
    core.tree.resetReadTxn()
    return core
  }
}
