/**
 * What the log on Kafka publishes on `node:diagnostics_channel`. Nothing is built while nobody listens.
 *
 * @module
 */
import { channel } from 'node:diagnostics_channel'
import type { RestoreProgress } from '@heddle/core'

/** A batch that was written and is in enough copies. */
export interface ProduceMessage {
  readonly topic: string
  readonly partition: number
  readonly records: number
  /** As sent: compressed. */
  readonly bytes: number
  /** How often it was tried in vain before. */
  readonly failures: number
}

/** Something that failed and is tried again, or is given up. */
export interface RetryMessage {
  readonly what: string
  readonly error: string
  readonly failures: number
  readonly given: 'again' | 'up'
}

/** What a change of a consumer group meant for its member here. */
export interface GroupMessage {
  readonly group: string
  readonly member: string
  readonly change: 'joined' | 'assigned' | 'revoked' | 'lost' | 'fenced' | 'left'
  readonly partitions: readonly string[]
}

/** A transaction that ended. Times in ms. */
export interface TransactionMessage {
  readonly transactor: string
  readonly result: 'committed' | 'aborted'
  readonly records: number
  readonly produceMs: number
  readonly offsetsMs: number
  readonly endMs: number
}

/** A transaction that was complete for its coordinator, was open in a partition (KAFKA-20734), and has been ended there. */
export interface SettledMessage {
  readonly transactor: string
  readonly committed: boolean
}

/** How far the local copy of a store has come: at the beginning, several times a second, and at the end. */
export interface RestoreMessage extends RestoreProgress {
  /** It is for a copy that nobody uses yet. */
  readonly standby: boolean
}

/** Work in the background that failed; it is tried again. */
export interface BackgroundErrorMessage {
  readonly task: 'group' | 'store' | 'dedupe' | 'transaction'
  readonly error: unknown
}

/** Names of the channels, and the messages on them. */
export interface KafkaLogMessages {
  'heddle:log:kafka:produce': ProduceMessage
  'heddle:log:kafka:retry': RetryMessage
  'heddle:log:kafka:group': GroupMessage
  'heddle:log:kafka:transaction': TransactionMessage
  'heddle:log:kafka:settled': SettledMessage
  'heddle:log:kafka:restore': RestoreMessage
  'heddle:log:kafka:background-error': BackgroundErrorMessage
}

const channels = {
  'heddle:log:kafka:produce': channel('heddle:log:kafka:produce'),
  'heddle:log:kafka:retry': channel('heddle:log:kafka:retry'),
  'heddle:log:kafka:group': channel('heddle:log:kafka:group'),
  'heddle:log:kafka:transaction': channel('heddle:log:kafka:transaction'),
  'heddle:log:kafka:settled': channel('heddle:log:kafka:settled'),
  'heddle:log:kafka:restore': channel('heddle:log:kafka:restore'),
  'heddle:log:kafka:background-error': channel('heddle:log:kafka:background-error'),
}

export function publish<Name extends keyof KafkaLogMessages>(
  name: Name,
  message: () => KafkaLogMessages[Name],
): void {
  if (channels[name].hasSubscribers) channels[name].publish(message())
}
