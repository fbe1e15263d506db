import type { Key, StepOptions } from './step-options.ts'
import { type Step, keyed } from './step.ts'
import { Stream } from './stream.ts'
import type { ComponentCode } from './topology.ts'
import type { TumblingWindow, Windowed } from './window.ts'

/** A stream whose elements have a key: same key, same task, in order. */
export class KeyedStream<K extends Key, V> extends Stream<V> {
  /** Gathers the elements of each key in windows of event time. */
  window(window: TumblingWindow): WindowedStream<K, V> {
    return {
      count: (options = {}) => this.#gather('count', options, { ...window, aggregate: 'count' }, {}),
      aggregate: (init, add, options = {}) =>
        this.#gather('aggregate', options, { ...window, aggregate: 'custom' }, { init, add }),
    }
  }

  #gather<A>(
    name: string,
    options: StepOptions<V>,
    config: Step['config'],
    code: ComponentCode,
  ): KeyedStream<K, Windowed<K, A>> {
    const parts = { name: options.name ?? name, config, code, streams: { default: ['key', 'value'] } }
    const { made, ends } = this.make('window', options, parts)
    return new KeyedStream<K, Windowed<K, A>>(this.origin, [keyed(made)], ends, this.scope)
  }
}

/** The elements of each key in windows; an aggregation makes results of them. */
export interface WindowedStream<K extends Key, V> {
  /** How many elements each window has. */
  count(options?: StepOptions<V>): KeyedStream<K, Windowed<K, number>>
  /**
   * One value of all elements of a window.
   *
   * @param init The value of a window that has none yet.
   * @param add The value with one more element; a JSON value, and not the old one changed in place.
   */
  aggregate<A>(
    init: () => A,
    add: (value: A, element: V) => A,
    options?: StepOptions<V>,
  ): KeyedStream<K, Windowed<K, A>>
}
