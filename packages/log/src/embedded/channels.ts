/**
 * What the log publishes on `node:diagnostics_channel`. Nothing is built while nobody listens.
 *
 * @module
 */
import { channel } from 'node:diagnostics_channel'

/** One LMDB transaction that reached the disk. */
export interface CommitMessage {
  /** Folder of the log. */
  readonly path: string
  /** Appends, transactions and other changes that shared it. */
  readonly requests: number
  readonly records: number
  /** Records that were dropped as duplicates. */
  readonly duplicates: number
  readonly batches: number
  /** Bytes of the batches. */
  readonly bytes: number
  /** Time in the write transaction before it was committed, in ms: checks, checksums, copying into pages. */
  readonly applyMs: number
  /** Time from there until it was on disk, in ms. */
  readonly syncMs: number
}

/** A commit that failed; nothing of it was kept. */
export interface CommitFailedMessage {
  readonly path: string
  readonly requests: number
  readonly code: string
  readonly message: string
}

/** Batches that were deleted because of a topic's retention, or because the topic was deleted. */
export interface RetentionMessage {
  readonly path: string
  readonly topic: string
  /** -1 for all partitions of a deleted topic. */
  readonly partition: number
  readonly reason: 'ms' | 'bytes' | 'deleted'
  readonly batches: number
  readonly bytes: number
  /** The first offset that is left. */
  readonly earliest: number
}

export interface CompactionMessage {
  readonly path: string
  readonly topic: string
  readonly partition: number
  readonly recordsBefore: number
  readonly recordsAfter: number
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly ms: number
}

/** A stored batch whose checksum is wrong. */
export interface CorruptMessage {
  readonly path: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The first offset after the damage. */
  readonly nextOffset: number
  readonly reason: string
}

/** What a change of a consumer group meant for one of its members. */
export interface GroupMessage {
  readonly path: string
  readonly group: string
  readonly member: string
  readonly change: 'joined' | 'assigned' | 'revoked' | 'lost' | 'left' | 'expired'
  readonly partitions: readonly string[]
}

/** Work in the background that failed; it is tried again at its next turn. */
export interface BackgroundErrorMessage {
  readonly path: string
  readonly task: 'maintenance' | 'group' | 'poll'
  readonly error: unknown
}

/** Names of the channels, and the messages on them. */
export interface LogMessages {
  'heddle:log:commit': CommitMessage
  'heddle:log:commit-failed': CommitFailedMessage
  'heddle:log:retention': RetentionMessage
  'heddle:log:compaction': CompactionMessage
  'heddle:log:corrupt': CorruptMessage
  'heddle:log:group': GroupMessage
  'heddle:log:background-error': BackgroundErrorMessage
}

const channels = {
  'heddle:log:commit': channel('heddle:log:commit'),
  'heddle:log:commit-failed': channel('heddle:log:commit-failed'),
  'heddle:log:retention': channel('heddle:log:retention'),
  'heddle:log:compaction': channel('heddle:log:compaction'),
  'heddle:log:corrupt': channel('heddle:log:corrupt'),
  'heddle:log:group': channel('heddle:log:group'),
  'heddle:log:background-error': channel('heddle:log:background-error'),
}

export function publish<Name extends keyof LogMessages>(name: Name, message: () => LogMessages[Name]): void {
  if (channels[name].hasSubscribers) channels[name].publish(message())
}
