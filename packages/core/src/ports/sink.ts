/**
 * The Sink port: how events leave for an outside system. A connector implements it; an engine drives it.
 *
 * @module
 */
import type { Event } from '../event/event.ts'
import type { Clock } from './clock.ts'
import type { SignalLike } from './signal.ts'

/** What a topology names as its output: which connector, and its JSON-serialisable settings. */
export interface SinkRef<T = unknown> {
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
  /** The data type that it takes; only for the type checker. */
  readonly accepts?: (event: Event<T>) => void
}

export interface SinkContext {
  readonly topology: string
  readonly component: string
  readonly clock: Clock
  /**
   * What the last durable `write` answered, before a restart. A sink that can undo (a file that can be cut) goes back
   * to it when it opens, and so writes nothing twice.
   */
  readonly checkpoint: string | undefined
  /** Aborted when the topology is killed without draining. */
  readonly signal: SignalLike
}

export interface Sink {
  /** How many events one `write` may take. 1 for a sink that sends each by itself. */
  readonly maxBatch: number
  /** How many `write`s may be under way at once. Events of one key are never in two of them. */
  readonly concurrency: number
  /**
   * Where it stands after opening. When there was no checkpoint before, this one is kept before the first `write`, so
   * that even a crash during the first one can be undone.
   */
  readonly checkpoint?: string
  /**
   * Delivers the events, in order; resolves when the receiver has them for good. The answer, if any, is kept as the
   * checkpoint. An event can come again after a crash, with the same `source` and `id`.
   *
   * A throw means that none or some were delivered: kind `retryable` is tried again with backoff, `terminal` goes to the
   * dead letters. A sink of `maxBatch` above 1 throws `retryable` errors only.
   */
  write(events: readonly Event[]): Promise<string | undefined>
  close(): Promise<void>
}

/** An outside system. */
export interface Connector {
  readonly kind: string
  /**
   * Opens a sink with the settings of a `SinkRef`.
   * @throws HEDDLE_CONFIG_INVALID when they are not valid.
   */
  openSink(config: Readonly<Record<string, unknown>>, context: SinkContext): Promise<Sink>
}
