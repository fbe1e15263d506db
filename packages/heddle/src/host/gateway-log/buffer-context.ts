import type { Clock, Log, TopicSpec } from '@heddle/core'

/** What the topics of a buffer share. */
export interface BufferContext {
  /** The embedded log that keeps the events. */
  readonly kept: Log
  readonly clock: Clock
  readonly timeoutMs: number
  readonly maxAgeMs: number
  /** Told of each attempt: `undefined` when the log gave an answer, or why not. */
  readonly watch: (reason: string | undefined) => void
  /** What is known of a topic; `undefined` when that is nothing. */
  readonly known: (topic: string) => TopicSpec | undefined
  /** Counts bytes that come into the buffer, or leave it. @throws HEDDLE_BUFFER_FULL */
  readonly take: (bytes: number) => void
  readonly release: (bytes: number) => void
  /** @throws when the buffer belongs to another process. */
  readonly check: () => void
  readonly stopping: AbortSignal
}

/** What waits of a topic. */
export interface Waiting {
  readonly topic: string
  readonly events: number
  readonly bytes: number
  /** When the oldest of them came, ms since 1970. */
  readonly since: number | undefined
  /** Why it was not emptied the last time. */
  readonly error: string | undefined
}
