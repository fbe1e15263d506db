/**
 * What all handles on one log share: the database, the queue of commits, the topics, and what waits for records.
 *
 * @module
 */
import {
  type Appended,
  type Fetched,
  HeddleError,
  type Position,
  type ReadOptions,
  type RecordInput,
  type Timer,
  type TopicPartition,
} from '@heddle/core'
import { BufferPool } from './batch/buffer-pool.ts'
import { publish } from './channels.ts'
import { AppendSet, type AppendSetContext } from './commit/append-set.ts'
import { type CommitListener, Committer } from './commit/committer.ts'
import { Deduplicator } from './commit/deduplicator.ts'
import { readTail } from './commit/write-transaction.ts'
import { openDatabase } from './database.ts'
import { readGroup } from './group/group-state.ts'
import type { EmbeddedMember } from './group/member.ts'
import type { Settings } from './options.ts'
import { BatchCache } from './read/batch-cache.ts'
import { Poller } from './read/poller.ts'
import { type Budget, type Place, Reader } from './read/reader.ts'
import { waitForRecords } from './read/wait.ts'
import { Topics } from './topic/topics.ts'
import type { Tree } from './tree.ts'
import { maintain } from './upkeep/maintenance.ts'

/** Below this, summing up takes less than a few microseconds, whenever it is done. */
const worthSealingBytes = 65_536

export class LogCore {
  readonly tree: Tree
  readonly settings: Settings
  readonly topics: Topics
  readonly committer: Committer
  readonly reader: Reader
  readonly appends: AppendSetContext
  readonly members = new Set<EmbeddedMember>()
  readonly poller: Poller
  /** What appends join until it is written or full. */
  #appendSet: AppendSet | undefined
  /** Reads start with another position each time, so that none is always last. */
  #turn = 0
  #upkeep: Timer | undefined
  #maintenance: Promise<void> | undefined

  constructor(tree: Tree, settings: Settings) {
    this.tree = tree
    this.settings = settings
    this.topics = new Topics(tree)
    this.reader = new Reader(tree, settings.path, new BatchCache(settings.cacheBytes))
    this.appends = {
      settings,
      pool: new BufferPool(2 * settings.maxCommitBytes),
      deduplicator: new Deduplicator(settings.path),
    }
    this.committer = new Committer(tree, settings, this.#listener())
    this.poller = new Poller(settings.clock, settings.pollMs, () => this.#look())
    if (settings.maintenanceMs > 0) this.#scheduleUpkeep()
  }

  append(topicName: string, records: readonly RecordInput[], dedupe: boolean): Promise<readonly Appended[]> {
    return new Promise((resolve, reject) => {
      const topic = this.topics.get(topicName)
      if (records.length === 0) return resolve([])
      const open = this.#appendSet
      const set = open === undefined || open.closed ? new AppendSet(this.appends) : open
      set.add(topic, records, dedupe, (answer) =>
        answer instanceof HeddleError ? reject(answer) : resolve(answer),
      )
      if (set !== open) {
        this.#appendSet = set
        this.committer.submit(set)
      }
      if (set.bytes < worthSealingBytes) return
      if (set.bytes >= this.settings.maxBatchBytes) this.flush()
      // Not now: the thread that writes is started at the end of this turn, and takes about as long to need it.
      if (set !== open) setImmediate(() => set.closed || set.seal())
    })
  }

  /** No more appends join what waits to be written. */
  flush(): void {
    this.#appendSet = undefined
  }

  async read(
    positions: readonly Position[],
    options: ReadOptions,
    open: () => void,
  ): Promise<readonly Fetched[]> {
    const { waitMs = 0, signal } = options
    const { clock } = this.settings
    const until = clock.now() + waitMs
    for (;;) {
      open()
      this.tree.resetReadTxn()
      const places = positions.map((position): Place => ({ position, partition: this.partition(position) }))
      const fetched = this.#readNow(places, options)
      const left = until - clock.now()
      if (fetched.length > 0 || left <= 0 || signal?.aborted === true) return fetched
      this.poller.want()
      try {
        await waitForRecords(
          places.map(({ partition }) => partition),
          clock,
          left,
          signal,
        )
      } finally {
        this.poller.release()
      }
    }
  }

  /** @throws HEDDLE_LOG_UNKNOWN_TOPIC, also when the topic has no such partition. */
  partition({ topic, partition }: TopicPartition) {
    const found = this.topics.get(topic)
    const there = found.partitions[partition]
    if (there !== undefined) return there
    throw new HeddleError(
      'HEDDLE_LOG_UNKNOWN_TOPIC',
      `'${topic}' has partitions 0 to ${found.partitions.length - 1}, and no ${partition}`,
      { info: { topic, partition } },
    )
  }

  /** Wakes all reads that wait; they look whether the log is still open. */
  wakeAll(): void {
    for (const topic of this.topics.all())
      for (const { waiting } of topic.partitions) for (const wake of waiting) wake()
  }

  maintain(compactAll: boolean): Promise<void> {
    const former = this.#maintenance ?? Promise.resolve()
    const run = former.catch(() => {}).then(() => maintain(this, compactAll))
    this.#maintenance = run
    return run
  }

  async close(): Promise<void> {
    this.#upkeep?.clear()
    await Promise.all([...this.members].map((member) => member.abandon()))
    await this.#maintenance?.catch(() => {})
    await this.committer.idle()
    await this.tree.close()
  }

  #readNow(places: readonly Place[], options: ReadOptions): Fetched[] {
    const budget: Budget = {
      bytes: options.maxBytes ?? 2 ** 20,
      records: options.maxRecords ?? Number.POSITIVE_INFINITY,
    }
    const fetched: Fetched[] = []
    const first = this.#turn++ % Math.max(1, places.length)
    for (let i = 0; i < places.length && budget.bytes > 0 && budget.records > 0; i++) {
      const place = places[(first + i) % places.length]!
      const read = this.reader.read(place, budget)
      if (read !== undefined) fetched.push(read)
    }
    return fetched
  }

  #listener(): CommitListener {
    return {
      foreign: () => {
        this.topics.forgetHeads()
        this.topics.refresh()
      },
      failed: (transaction) => {
        for (const partition of transaction.touched) {
          partition.head = undefined
          partition.dedupe = undefined
        }
        this.topics.reload()
      },
      committed: (transaction) => {
        if (transaction.topicsChanged) this.topics.refresh()
        for (const { waiting } of transaction.changedPartitions) for (const wake of waiting) wake()
        if (transaction.groups.size > 0)
          for (const member of this.members) if (transaction.groups.has(member.group)) member.advance()
      },
    }
  }

  /** Whether another process has written since the last look; if so, all who wait look for themselves. */
  #look(): boolean {
    this.tree.resetReadTxn()
    const { commits } = readTail(this.tree)
    if (commits === this.#seen || commits <= this.committer.commits) return false
    this.#seen = commits
    this.topics.refresh()
    this.wakeAll()
    for (const member of this.members) member.noticed(readGroup(this.tree, member.group)?.version ?? 0)
    return true
  }
  #seen = -1

  #scheduleUpkeep(): void {
    const { clock, maintenanceMs, path } = this.settings
    this.#upkeep = clock.after(maintenanceMs, () => {
      this.#scheduleUpkeep()
      this.maintain(false).catch((error: unknown) =>
        publish('heddle:log:background-error', () => ({ path, task: 'maintenance', error })),
      )
    })
  }
}

export async function openCore(settings: Settings): Promise<LogCore> {
  return new LogCore(await openDatabase(settings.path), settings)
}
