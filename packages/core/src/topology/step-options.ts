import type { RetryPolicy } from '../plan/plan.ts'
import type { Duration } from '../units.ts'
import type { End } from './end.ts'
import type { Stream } from './stream.ts'

/** What every step takes. */
export interface StepOptions<V> {
  /** Its id in the plan, in metrics and in errors. Default: the operator's name, with a number where there are several. */
  readonly name?: string
  /** Tasks. Default 1. Events of one key stay in order only behind a `keyBy`. */
  readonly parallelism?: number
  /** What is done when it throws. Default: three attempts within a third of a second. */
  readonly retry?: RetryPolicy
  /** Takes the events that failed for good. Default: they go to the dead letters. */
  readonly onError?: (failures: Stream<Failure<V>>) => End
}

export interface CallOptions<V> extends StepOptions<V> {
  /** Calls under way at once in each task; calls for one partition key are made one after the other. Default 1. */
  readonly concurrency?: number
}

export interface EnrichOptions<V> extends CallOptions<V> {
  /** Circuit breaker: for a while no calls are made, when too many failed. Default: there is none. */
  readonly breaker?: Breaker
}

export interface Breaker {
  /** It opens after so many calls of a task failed one after the other. */
  readonly failures: number
  /** Elements fail without a call for this long by the clock; then one call decides whether it closes. */
  readonly pause: Duration
}

/** An element that failed for good, and why. */
export interface Failure<V> {
  readonly value: V
  readonly error: { readonly code?: string; readonly message: string; readonly stack?: string }
  readonly attempts: number
  readonly component: string
}

export type Key = string | number | boolean
/** A function, or a condition in CEL. */
export type Predicate<V> = (value: V) => boolean

/** The branch that takes what no other branch took. */
export const otherwise: unique symbol = Symbol('otherwise')
