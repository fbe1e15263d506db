import type { Duration } from '../units.ts'
import type { StepOptions } from './step-options.ts'
import type { TimeDomain } from './window.ts'

export interface JoinOptions<V> extends StepOptions<V> {
  /** How far apart in event time two elements may be. */
  readonly within: Duration
  /** How much longer elements are kept for late ones of the other side. Default 0. */
  readonly grace?: Duration
}

export type TableJoinOptions<V> = StepOptions<V>

export interface ProcessOptions<V> extends StepOptions<V> {
  /** State of a key that nothing came for in this long is forgotten, by event time. Default: never. */
  readonly ttl?: Duration
  /** By which time the timer is due. Default `event`. */
  readonly timers?: TimeDomain
}

/** What `process` code has for the key at hand. Valid during the call. */
export interface ProcessContext<K, W, S> {
  readonly key: K
  /** Event time of the element, or when the timer was due, in milliseconds. */
  readonly time: number
  /** State of the key, a JSON value; set it to change it, and to `undefined` to forget it. Do not change it in place. */
  state: S | undefined
  emit(value: W): void
  /** The key's timer is due at `time` (ms since 1970); it has one, so that this moves it. */
  setTimer(time: number): void
  clearTimer(): void
}
