import type { Duration } from '../units.ts'
import type { Key, StepOptions } from './step-options.ts'

/** A part of an element that was split, with what is needed to bring the parts together again. */
export interface Part<W> {
  readonly part: W
  /** The same for all parts of one element, and for no others. */
  readonly group: string
  /** 0 … size - 1 */
  readonly index: number
  readonly size: number
}

/** Elements that belong together. */
export interface Gathered<K, V> {
  readonly key: K
  /** In the order in which they came. */
  readonly elements: readonly V[]
  /** False when time was up before all were there. */
  readonly complete: boolean
}

export interface GatherOptions<V, K extends Key> extends StepOptions<V> {
  /** Which elements belong together. */
  readonly by: (element: V) => K
  /** All are there: how many, or what says so. */
  readonly until: number | ((elements: readonly V[]) => boolean)
  /** After this long by the clock, from the first element on, what is there is all. Default: it waits for ever. */
  readonly timeout?: Duration
  /** Most elements that one group may have; an element beyond it fails. Default 10 000, as `collect` has. */
  readonly limit?: number
}

export interface BatchOptions<V> extends StepOptions<V> {
  /** Most elements of a batch. Default 100. */
  readonly count?: number
  /** How long a batch may wait for more, by the clock. Default 1 s. */
  readonly within?: Duration
}

export interface DelayOptions<V> extends StepOptions<V> {
  /** Most elements that may wait; one beyond that fails. Default 1 000 000. */
  readonly limit?: number
}

export interface ThrottleOptions<V> extends StepOptions<V> {
  /** How many elements in each `per`. */
  readonly rate: number
  /** Default 1 s. */
  readonly per?: Duration
  /** The rate is for each key by itself. Default: for all together. */
  readonly by?: (element: V) => Key
  /** Elements beyond the rate are dropped, instead of waiting. Default false. */
  readonly drop?: boolean
  /** Most elements of one key that may wait; one beyond that fails. Default 100 000. */
  readonly limit?: number
}

export interface DebounceOptions<V> extends StepOptions<V> {
  readonly by: (element: V) => Key
}

export interface ResequenceOptions<V> extends StepOptions<V> {
  /** Elements that are numbered together. */
  readonly by: (element: V) => Key
  /** The number of an element: each one more than that of the one before it. */
  readonly sequence: (element: V) => number
  /** The first number. Default 0. */
  readonly first?: number
  /** How long by the clock to wait for a number that is missing, before going on without it. Default: for ever. */
  readonly timeout?: Duration
  /** Most elements of one key that may wait; one beyond that fails. Default 10 000. */
  readonly limit?: number
}

/** One of: every so manyth element; a share of the keys; the first element in each time. */
export type SampleOptions<V> = StepOptions<V> &
  (
    | { readonly every: number; readonly share?: never; readonly per?: never; readonly by?: never }
    | {
        readonly share: number
        readonly by: (element: V) => Key
        readonly every?: never
        readonly per?: never
      }
    | {
        readonly per: Duration
        readonly by?: (element: V) => Key
        readonly every?: never
        readonly share?: never
      }
  )

export interface LoopOptions<V> extends StepOptions<V> {
  /** It is done. */
  readonly until: (element: V) => boolean
  /** How often the step may be done; an element that is not done by then fails. */
  readonly rounds: number
}

export interface ScatterOptions<V> extends StepOptions<V> {
  /** How long by the clock to wait for the branches. Default 10 s. */
  readonly timeout?: Duration
}

export interface RequestOptions<V> extends StepOptions<V> {
  /** How long by the clock to wait for a reply. Default 30 s. */
  readonly timeout?: Duration
}

/** A request with its reply; `undefined` when none came in time. */
export interface Replied<V, R> {
  readonly request: V
  readonly reply: R | undefined
}
