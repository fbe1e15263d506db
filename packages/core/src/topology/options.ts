import type { Guarantee, Json, PlanSettings } from '../plan/plan.ts'
import { type Duration, milliseconds } from '../units.ts'

export interface TopologyOptions {
  /** Default `at-least-once`. */
  readonly guarantee?: Guarantee
  /**
   * How many input events may be unfinished: in tuple trees, or in one epoch. Default 5000: enough to fill a disk's
   * commit with 1 KB events, and 5 MB of them in memory.
   */
  readonly maxPending?: number
  /** A tuple tree that takes longer fails and is replayed; at-least-once only. Default 30 s, as in Storm. */
  readonly messageTimeout?: Duration
  /**
   * How long an epoch gathers before it commits, or how often offsets are committed. Default 50 ms: adds little latency,
   * and makes commits seldom enough not to matter.
   */
  readonly commitInterval?: Duration
  /** How often bolts with a `tick` get one. Default 1 s. */
  readonly tickInterval?: Duration
  /** How much older than the newest an event may be without being late. Default 0. */
  readonly maxOutOfOrder?: Duration
  /** A source silent for this long no longer holds event time back: it follows the clock. Default 10 s. */
  readonly idleAfter?: Duration
  /**
   * How many threads run it, each with its share of the partitions: for topologies without state that need more than one
   * processor. Default 1.
   */
  readonly threads?: number
  /** Topic of the events that failed for good. Default `<topology>.dead-letters`. */
  readonly deadLetters?: string
  /**
   * Storm's own configuration, by its names, such as `topology.workers`, for where the topology runs there. Default none; other
   * engines take no notice.
   */
  readonly storm?: Readonly<Record<string, Json>>
}

/** All settings, with the defaults filled in. */
export function planSettings(name: string, options: TopologyOptions): PlanSettings {
  return {
    guarantee: options.guarantee ?? 'at-least-once',
    maxPending: options.maxPending ?? 5000,
    messageTimeoutMs: milliseconds(options.messageTimeout ?? '30s'),
    commitIntervalMs: milliseconds(options.commitInterval ?? '50ms'),
    tickIntervalMs: milliseconds(options.tickInterval ?? '1s'),
    maxOutOfOrderMs: milliseconds(options.maxOutOfOrder ?? 0),
    idleAfterMs: milliseconds(options.idleAfter ?? '10s'),
    ...(options.threads !== undefined && { threads: options.threads }),
    deadLetterTopic: options.deadLetters ?? `${name}.dead-letters`,
    ...(options.storm && { storm: options.storm }),
  }
}
