/**
 * The plan: what every way of writing a topology becomes, and all that an engine sees. Frozen, JSON-serialisable.
 *
 * @module
 */
import type { TopicSpec } from '../ports/log.ts'

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

export type Guarantee = 'at-least-once' | 'exactly-once'

/** How tuples of a stream are shared out among the tasks of the component that takes it; as in Storm. */
export type Grouping =
  | { readonly kind: 'shuffle' }
  | { readonly kind: 'local-or-shuffle' }
  | { readonly kind: 'fields'; readonly fields: readonly string[] }
  | { readonly kind: 'partial-key'; readonly fields: readonly string[] }
  | { readonly kind: 'all' }
  | { readonly kind: 'global' }
  | { readonly kind: 'direct' }

export interface PlanInput {
  readonly from: string
  readonly stream: string
  readonly grouping: Grouping
}

/** What is done with a tuple whose function threw. Times in milliseconds. */
export interface RetryPolicy {
  /** How often it is tried in all, the first time included. */
  readonly attempts: number
  readonly initialMs: number
  /** Each wait is this many times the one before. */
  readonly factor: number
  readonly maxMs: number
  /** Share of each wait that is random, 0 to 1, so that many do not come back at once. */
  readonly jitter: number
}

export interface PlanComponent {
  readonly id: string
  readonly kind: 'spout' | 'bolt'
  /** What it does: a name in the engine's table of operators; `spout` and `bolt` are the user's own code. */
  readonly operator: string
  readonly config: { readonly [key: string]: Json | undefined }
  /** How many tasks it has. */
  readonly parallelism: number
  /** How many tuples one task may have under way at once. Tuples of one key stay in order. */
  readonly concurrency: number
  readonly retry: RetryPolicy
  /** Declared streams and their fields. */
  readonly streams: { readonly [stream: string]: readonly string[] }
  readonly inputs: readonly PlanInput[]
}

export interface PlanSettings {
  readonly guarantee: Guarantee
  /** How many spout tuples (at-least-once) or events of an epoch (exactly-once) may be unfinished. */
  readonly maxPending: number
  /** A tuple tree that is not done after this long fails and is replayed. At-least-once only. */
  readonly messageTimeoutMs: number
  /** How long an epoch gathers before it commits (exactly-once), or how often offsets are committed (at-least-once). */
  readonly commitIntervalMs: number
  /** Bolts that ask for ticks get one this often. */
  readonly tickIntervalMs: number
  /** Event time lags the newest event seen by this much, so that slightly older ones are not late. */
  readonly maxOutOfOrderMs: number
  /** A source that has been silent for this long no longer holds event time back: it then follows the clock. */
  readonly idleAfterMs: number
  /** How many threads run it, where the engine has threads; absent for one. */
  readonly threads?: number
  /** Where events go that failed for good. */
  readonly deadLetterTopic: string
  /** Configuration of Storm, by its names; absent for none. */
  readonly storm?: { readonly [name: string]: Json | undefined }
}

export interface Plan {
  readonly format: 1
  readonly name: string
  readonly settings: PlanSettings
  /** In topological order: each component after those it takes from. */
  readonly components: readonly PlanComponent[]
  /** Topics that it reads or writes, as far as they are declared; an engine creates those that are missing. */
  readonly topics: readonly TopicSpec[]
}

/** Name of the stream that a component emits to unless it says otherwise; as in Storm. */
export const defaultStream = 'default'

/** Stream of tuples that failed for good, where a component has one: see `onError`. */
export const errorStream = '$error'
