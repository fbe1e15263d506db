import type { Clock, Log } from '@heddle/core'
import type { PushOptions } from './push/options.ts'

/** Limits and times of all subscriptions of one process. Sizes in bytes, times in milliseconds. */
export interface DeliverySettings {
  /** Most events of one partition that are read and not done. 1,000: about what fits into the note beside an offset. */
  readonly window: number
  /** Most bytes of one subscription that are read and not done. 16 MiB: 1,000 events of 1 KB in each of 16 partitions. */
  readonly windowBytes: number
  /** How long after it was given out that is committed, so that a crash knows of it. 100 ms: ten commits a second. */
  readonly commitIntervalMs: number
  /** How long after a failure of the log something is tried again. 1 s. */
  readonly retryMs: number
  /** How long consumers may take to settle events of a partition that moves to another process. 2 s. */
  readonly handOverMs: number
  /** How long a subscription that was pulled from stays in this process when nobody pulls any more. 60 s: a long poll. */
  readonly idleMs: number
  /** How often a process looks whether others changed a subscription that it gives out. 2 s. */
  readonly refreshMs: number
  /** How long another process may take to settle what it gave out and this one was told of. 5 s: far more than two records take. */
  readonly forwardMs: number
}

export const defaultSettings: DeliverySettings = {
  window: 1_000,
  windowBytes: 16 * 1024 ** 2,
  commitIntervalMs: 100,
  retryMs: 1_000,
  handOverMs: 2_000,
  idleMs: 60_000,
  refreshMs: 2_000,
  forwardMs: 5_000,
}

export interface DeliveryOptions extends Partial<DeliverySettings> {
  /** It is not closed by this. */
  readonly log: Log
  /** Name of this process: no other that uses the log has it. Default: a random one. */
  readonly instance?: string
  readonly clock?: Clock
  /** Default `Math.random`. */
  readonly random?: () => number
  /** Posts events of subscriptions that have an endpoint. Absent: other processes do. */
  readonly push?: PushOptions
}
