/**
 * The Log port: topics of records, kept in partitions, with consumer groups and transactions.
 *
 * The words are Kafka's, and so are the semantics: a topic is cut into partitions, a partition is a sequence of
 * records with growing offsets, a consumer group shares the partitions of its topics among its members and keeps the
 * offset up to which each was done. Every implementation passes `logContract` in `@heddle/core/contracts`.
 *
 * @module
 */
import type { SignalLike } from './signal.ts'
import type { Follower, Store, StoreOptions } from './store.ts'

/** Bytes that the reader must not change and may keep: the log never reuses them. */
export type Bytes = Uint8Array

/** A header as it is read. As in Kafka a name may stand more than once. */
export type Header = readonly [name: string, value: Bytes]

/** A record to append. Strings are written as UTF-8. */
export interface RecordInput {
  /** Chooses the partition (murmur2, as Kafka's default partitioner) and is what compaction keeps the last of. */
  readonly key?: Bytes | string | null
  /** `null` is a tombstone: on a compacted topic it deletes the key. */
  readonly value: Bytes | string | null
  readonly headers?: readonly (readonly [name: string, value: Bytes | string])[]
  /** Milliseconds since 1970, UTC. Default: the time of the append. */
  readonly timestamp?: number
  /** Overrides the partition that the key would choose. */
  readonly partition?: number
}

/** A record as it is read. Its fields may be decoded lazily; the object is safe to keep. */
export interface LogRecord {
  readonly offset: number
  /** Milliseconds since 1970, UTC. */
  readonly timestamp: number
  readonly key: Bytes | null
  readonly value: Bytes | null
  readonly headers: readonly Header[]
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A place in a partition. `offset` is the next record to read, or the one meant. */
export interface Position extends TopicPartition {
  readonly offset: number
}

/** How a topic keeps its records. Sizes in bytes, times in milliseconds; absent means without limit. */
export interface TopicConfig {
  /** Default 4: enough to use a small machine, and it can be raised later (keys then move, as in Kafka). */
  readonly partitions: number
  readonly retention: { readonly ms?: number; readonly bytes?: number }
  /** Keep only the last record of each key; records without a key are refused. */
  readonly compaction: boolean
  /**
   * Appends with `dedupe` drop a record whose identity (CloudEvents `source` and `id`) was appended to the same
   * partition within this window: `ms` long and at most `ids` identities, whichever is shorter.
   */
  readonly dedupe: { readonly ms: number; readonly ids: number }
  /** Largest record (key, value and headers), in bytes. */
  readonly maxRecordBytes: number
  /**
   * `fsync`: an append resolves when the records are on disk. `os`: when the operating system has them, so that a
   * power cut can lose the last moments, and a killed process loses nothing.
   */
  readonly durability: 'fsync' | 'os'
}

export interface TopicSpec extends Partial<TopicConfig> {
  readonly name: string
}

export interface TopicInfo extends TopicConfig {
  readonly name: string
  /** Milliseconds since 1970, UTC. */
  readonly createdAt: number
}

export interface PartitionInfo extends TopicPartition {
  /** The first offset that is still kept. */
  readonly earliest: number
  /** The offset that the next record will get (only committed records count). */
  readonly latest: number
  /** Bytes on disk, as far as the log knows. */
  readonly bytes: number
}

/** What became of one appended record. */
export interface Appended {
  readonly partition: number
  readonly offset: number
  /** The record was there already (see `AppendOptions.dedupe`): `offset` is that of the first one. */
  readonly duplicate?: true
  /**
   * It is on disk before the log, and waits for the log to be reached: `partition` and `offset` are not known yet, and are -1.
   * No log answers so by itself; what stands before one may.
   */
  readonly buffered?: true
  /**
   * It is kept to be sent later, at `at` (milliseconds since 1970) for the first time: `partition` and `offset` are -1. No log
   * answers so by itself, either.
   */
  readonly scheduled?: { readonly id: string; readonly at: number }
}

export interface AppendOptions {
  /** Drop records whose identity is within the topic's window (see `TopicConfig.dedupe`). Default false. */
  readonly dedupe?: boolean
}

export interface ReadOptions {
  /** Stop after about this many bytes of records; at least one batch is given. Default 1 MiB. */
  readonly maxBytes?: number
  /** Stop after this many records. Default without limit. */
  readonly maxRecords?: number
  /** How long to wait, in milliseconds, when nothing is there yet. Default 0. */
  readonly waitMs?: number
  /** Ends the wait early: the read then resolves with what is there. */
  readonly signal?: SignalLike
}

/** What was read of one partition. */
export interface Fetched extends TopicPartition {
  readonly records: readonly LogRecord[]
  /** Where to go on: past the last record, and past what compaction or a transaction left out. */
  readonly nextOffset: number
  /** The partition's end when it was read; `latest - nextOffset` is the lag. */
  readonly latest: number
}

/** How far a group has come in a partition. */
export interface CommittedOffset extends Position {
  /** The committer's own note, such as what is done beyond the offset; at most 4096 characters. */
  readonly metadata?: string
}

export interface GroupOptions {
  readonly group: string
  readonly topics: readonly string[]
  /** Name of this member, unique in the group. Default: a random one. The same name again replaces the former member. */
  readonly member?: string
  /** A member not heard of for this long loses its partitions, in milliseconds. Default 10 s. */
  readonly sessionTimeoutMs?: number
  /**
   * Partitions were given to this member. Awaited before the next change; a throw leaves the group.
   * Rebalancing is cooperative: partitions that stay are not mentioned.
   */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => Promise<void> | void
  /**
   * Partitions are about to move to another member. Finish or abandon their work and commit: nobody else gets them
   * before this resolves, or before the session times out.
   */
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => Promise<void> | void
  /** Partitions were lost without a chance to finish (session timed out): commits for them fail with HEDDLE_LOG_FENCED. */
  readonly onLost?: (partitions: readonly TopicPartition[]) => Promise<void> | void
}

/** A membership of a consumer group. */
export interface GroupMember {
  readonly group: string
  readonly member: string
  /** What this member owns now. */
  readonly assignment: readonly TopicPartition[]
  /** The group's committed offsets of these partitions; one that has none is left out. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]>
  /**
   * Durable when it resolves.
   * @throws HEDDLE_LOG_FENCED when a partition does not belong to this member any more; then none is committed.
   */
  commit(offsets: readonly CommittedOffset[]): Promise<void>
  /** Gives the partitions back (through `onRevoked`) and leaves. */
  leave(): Promise<void>
}

export interface GroupInfo {
  readonly group: string
  readonly members: readonly { readonly member: string; readonly assignment: readonly TopicPartition[] }[]
  readonly offsets: readonly CommittedOffset[]
}

/** Appends, offsets and state that become visible and durable together, or not at all. */
export interface Transaction {
  /** Buffers an append. The records' offsets are known after `commit`. */
  append(topic: string, records: readonly RecordInput[], options?: AppendOptions): void
  /** Buffers offsets of partitions that `member` owns. */
  commitOffsets(member: GroupMember, offsets: readonly CommittedOffset[]): void
  /** Buffers a change of state; `null` deletes. Reads of the store do not see it before `commit`. */
  put(store: Store, key: string, value: Bytes | null): void
  /**
   * Durable when it resolves.
   * @throws HEDDLE_LOG_FENCED when a newer transactor has the same id, or a partition was lost: nothing is kept.
   */
  commit(): Promise<void>
  /** Drops all that was buffered. */
  abort(): Promise<void>
}

/** Writes transactions under an id. Opening the same id again fences the earlier transactor, wherever it runs. */
export interface Transactor {
  readonly id: string
  /** One transaction at a time may be open; `commit` of one may overlap the filling of the next. */
  begin(): Transaction
  close(): Promise<void>
}

/** What an implementation can do; the contract suite tests all that is declared. */
export interface LogFeatures {
  /** Another process may open the same log at the same time. */
  readonly sharedByProcesses: boolean
  readonly compaction: boolean
  /** `append` with `dedupe` drops duplicates, also after a restart. */
  readonly dedupe: boolean
  readonly transactions: boolean
  /** `commit` may overlap: several transactions of one transactor can be committing, in order. */
  readonly pipelinedCommits: boolean
}

/**
 * A log. All methods may be called at any time and concurrently; after `close` they throw HEDDLE_LOG_CLOSED.
 * An unknown topic is HEDDLE_LOG_UNKNOWN_TOPIC everywhere.
 */
export interface Log {
  readonly features: LogFeatures

  /**
   * Creates a topic, or returns it when it is there.
   * @throws HEDDLE_LOG_TOPIC_EXISTS when it is there with other settings than the ones named in `spec`.
   */
  createTopic(spec: TopicSpec): Promise<TopicInfo>
  /** `undefined` when there is none. */
  describeTopic(name: string): Promise<TopicInfo | undefined>
  /** Changes settings. Partitions can only grow. */
  alterTopic(name: string, changes: Partial<TopicConfig>): Promise<TopicInfo>
  /** Deletes the topic, its records and the offsets committed on it. */
  deleteTopic(name: string): Promise<void>
  listTopics(): Promise<readonly TopicInfo[]>
  /**
   * Deletes records of a partition whose offset is before that of the position: what a queue is done with. Some may stay,
   * where records are kept in batches. A log that cannot do it leaves the method out.
   */
  deleteRecords?(before: Position): Promise<void>
  partitions(topic: string): Promise<readonly PartitionInfo[]>
  /** The first offset whose record is not older than `timestamp` (ms), or the end. */
  offsetAt(partition: TopicPartition, timestamp: number): Promise<number>

  /**
   * Appends records, all or none, each to the partition of its key (records without a key stay together and go to
   * partitions in turn). Resolves when they are as durable as the topic says; the answer is in the records' order.
   * @throws HEDDLE_LOG_RECORD_TOO_LARGE, HEDDLE_LOG_DISK_FULL: nothing was appended.
   */
  append(
    topic: string,
    records: readonly RecordInput[],
    options?: AppendOptions,
  ): Promise<readonly Appended[]>

  /**
   * Reads from each position what is there, at most `maxBytes` in all; only committed and durable records.
   * Positions without records are left out, so that an empty answer means that the wait ran out.
   * @throws HEDDLE_LOG_OFFSET_OUT_OF_RANGE when an offset is before the earliest kept, or past the end.
   */
  read(positions: readonly Position[], options?: ReadOptions): Promise<readonly Fetched[]>

  joinGroup(options: GroupOptions): Promise<GroupMember>
  listGroups(): Promise<readonly GroupInfo[]>
  /**
   * Sets a group's offsets from outside, as an operator does.
   * @throws HEDDLE_LOG_GROUP_ACTIVE while the group has members.
   */
  resetOffsets(group: string, offsets: readonly CommittedOffset[]): Promise<void>
  deleteGroup(group: string): Promise<void>

  transactor(id: string): Promise<Transactor>
  /**
   * Keyed state that is kept with the log. The same name gives the same state, with all that was committed when it was called:
   * to be called again when another process may have written it.
   */
  store(name: string, options?: StoreOptions): Promise<Store>
  /** Deletes a store that no process uses any more, and what the log keeps of it. One that is not there is no error. */
  deleteStore(name: string): Promise<void>
  /**
   * Keeps a copy of a store on this machine while another process writes it, so that `store` has little to read when that one is
   * gone. It is made in the background. Left out by a log whose processes share one machine, and need no copies.
   */
  follow?(name: string): Follower

  /** Waits for what is under way, then lets go of all files and connections. */
  close(): Promise<void>
}
