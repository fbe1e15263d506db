import type { Json } from '../plan/plan.ts'
import type { End } from './end.ts'
import type { KeyedStream } from './keyed-stream.ts'
import type { Key, StepOptions } from './step-options.ts'
import type { Stream } from './stream.ts'
import type { Windowed } from './window.ts'

export interface WindowStepOptions<V> extends StepOptions<V> {
  /** Takes elements that come when their window is over. Default: they are dropped, and counted as `late`. */
  readonly onLate?: (late: Stream<V>) => End
}

/** The elements of each key in windows; an aggregation makes results of them. */
export interface WindowedStream<K extends Key, V> {
  /** How many elements each window has. */
  count(options?: WindowStepOptions<V>): KeyedStream<K, Windowed<K, number>>
  /** The sum of a number of each. */
  sum(of: (element: V) => number, options?: WindowStepOptions<V>): KeyedStream<K, Windowed<K, number>>
  /** The least of a number of each. */
  min(of: (element: V) => number, options?: WindowStepOptions<V>): KeyedStream<K, Windowed<K, number>>
  /** The greatest of a number of each. */
  max(of: (element: V) => number, options?: WindowStepOptions<V>): KeyedStream<K, Windowed<K, number>>
  /** The mean of a number of each. */
  average(of: (element: V) => number, options?: WindowStepOptions<V>): KeyedStream<K, Windowed<K, number>>
  /** All elements, in the order in which they came; at most `limit`, and an element beyond it fails. Default 10 000. */
  collect(
    options?: WindowStepOptions<V> & { readonly limit?: number },
  ): KeyedStream<K, Windowed<K, readonly V[]>>
  /**
   * One value of all elements of a window.
   *
   * @param init The value of a window that has none yet.
   * @param add The value with one more element; a JSON value, and not the old one changed in place.
   * @param options `merge` makes one value of two, and is needed for sessions, which grow together.
   */
  aggregate<A>(
    init: () => A,
    add: (value: A, element: V) => A,
    options?: WindowStepOptions<V> & { readonly merge?: (earlier: A, later: A) => A },
  ): KeyedStream<K, Windowed<K, A>>
}

/** What the engine knows an aggregation by, and the code that it needs. */
export interface Aggregation {
  readonly aggregate: 'count' | 'sum' | 'min' | 'max' | 'average' | 'collect' | 'custom'
  readonly config?: Readonly<Record<string, Json>>
  readonly code: Readonly<Record<string, unknown>>
}
