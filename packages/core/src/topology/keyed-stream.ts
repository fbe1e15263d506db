import { HeddleError } from '../errors.ts'
import { milliseconds, type Duration } from '../units.ts'
import type { Aggregation, WindowStepOptions, WindowedStream } from './aggregate.ts'
import type { JoinOptions, ProcessContext, ProcessOptions, TableJoinOptions } from './keyed-options.ts'
import type { Key, StepOptions } from './step-options.ts'
import { type Step, type StepInput, keyed, local } from './step.ts'
import { Stream } from './stream.ts'
import { Table } from './table.ts'
import type { GlobalWindow, Window, Windowed } from './window.ts'

/** Stream of elements that came when their window was over. */
const lateStream = '$late'

/** A stream whose elements have a key: same key, same task, in order. */
export class KeyedStream<K extends Key, V> extends Stream<V> {
  /** Gathers the elements of each key in windows. */
  window(window: Window): WindowedStream<K, V> {
    const gather = <A>(
      aggregation: Aggregation,
      options: WindowStepOptions<V> = {},
    ): KeyedStream<K, Windowed<K, A>> => this.#gather(window, aggregation, options)
    return {
      count: (options) => gather({ aggregate: 'count', code: {} }, options),
      sum: (of, options) => gather({ aggregate: 'sum', code: { of } }, options),
      min: (of, options) => gather({ aggregate: 'min', code: { of } }, options),
      max: (of, options) => gather({ aggregate: 'max', code: { of } }, options),
      average: (of, options) => gather({ aggregate: 'average', code: { of } }, options),
      collect: ({ limit = 10_000, ...options } = {}) =>
        gather({ aggregate: 'collect', config: { limit }, code: {} }, options),
      aggregate: (init, add, { merge, ...options } = {}) => {
        if (window.kind === 'session' && !merge)
          throw new HeddleError(
            'HEDDLE_TOPOLOGY_INVALID',
            `'${this.origin.topology}': sessions grow together, so that aggregate needs { merge: (earlier, later) => … }`,
          )
        return gather({ aggregate: 'custom', code: { init, add, ...(merge && { merge }) } }, options)
      },
    }
  }

  /**
   * A value for each key that every element changes; each change is an element of the result.
   *
   * @param init The value of a key that has none yet.
   * @param add The value with one more element; a JSON value, and not the old one changed in place.
   * @example orders.keyBy((o) => o.data.customer).fold(() => 0, (sum, o) => sum + o.data.total)
   */
  fold<A>(init: () => A, add: (value: A, element: V) => A, options: FoldOptions<V> = {}): KeyedStream<K, A> {
    const { ttl, ...rest } = options
    return this.keyedStep<A>('fold', rest, { code: { init, add }, config: { ttlMs: milliseconds(ttl ?? 0) } })
  }

  /**
   * Elements of this stream with those of another that have the same key and are not further from them in event time than
   * `within`. An element that finds several gives several results, in the order of their times.
   *
   * @param join What becomes of a pair. With `left` and `outer` the other side may be `undefined`: nothing came in time.
   * @example payments.join(orders, (payment, order) => ({ ...order, payment }), { within: '10m' })
   */
  join<W, R>(
    other: KeyedStream<K, W>,
    join: (left: V, right: W) => R,
    options: JoinOptions<V> & { readonly type?: 'inner' },
  ): KeyedStream<K, R>
  join<W, R>(
    other: KeyedStream<K, W>,
    join: (left: V, right: W | undefined) => R,
    options: JoinOptions<V> & { readonly type: 'left' },
  ): KeyedStream<K, R>
  join<W, R>(
    other: KeyedStream<K, W>,
    join: (left: V | undefined, right: W | undefined) => R,
    options: JoinOptions<V> & { readonly type: 'outer' },
  ): KeyedStream<K, R>
  join<W, R>(
    other: KeyedStream<K, W>,
    // `any`: the overloads say what may be undefined
    join: (left: any, right: any) => R,
    options: JoinOptions<V> & { readonly type?: 'inner' | 'left' | 'outer' },
  ): KeyedStream<K, R> {
    const { within, grace = 0, type = 'inner', ...rest } = options
    return this.keyedStepWith<R>('join', other, rest, {
      code: { join },
      config: { type, withinMs: milliseconds(within), graceMs: milliseconds(grace) },
    })
  }

  /**
   * Each element with the row that the table has for its key by then. Only elements of this stream give results.
   *
   * @param join With `left` the row may be `undefined`; with `inner`, the default, elements without a row are dropped.
   * @example orders.keyBy((o) => o.data.customer).joinTable(customers, (order, customer) => ({ ...order.data, customer }))
   */
  joinTable<W, R>(
    table: Table<K, W>,
    join: (value: V, row: W) => R,
    options?: TableJoinOptions<V> & { readonly type?: 'inner' },
  ): KeyedStream<K, R>
  joinTable<W, R>(
    table: Table<K, W>,
    join: (value: V, row: W | undefined) => R,
    options: TableJoinOptions<V> & { readonly type: 'left' },
  ): KeyedStream<K, R>
  joinTable<W, R>(
    table: Table<K, W>,
    // `any`: the overloads say what may be undefined
    join: (value: V, row: any) => R,
    options: TableJoinOptions<V> & { readonly type?: 'inner' | 'left' } = {},
  ): KeyedStream<K, R> {
    const { type = 'inner', ...rest } = options
    return this.keyedStepWith<R>('joinTable', table.changes, rest, { code: { join }, config: { type } })
  }

  /** The last element of each key, as a table; `undefined` and `null` delete. */
  toTable(): Table<K, V> {
    return new Table<K, V>(this)
  }

  /**
   * Code of your own with state and timers by key: what no other step does. Elements and timers of one key come one after the
   * other, and what they change of the state is committed together with what they emit.
   *
   * @example
   * logins.keyBy((e) => e.data.user).process<string, number>({
   *   element: (e, ctx) => { ctx.state = (ctx.state ?? 0) + 1; ctx.setTimer(ctx.time + 60_000) },
   *   timer: (ctx) => { if (ctx.state! > 3) ctx.emit(`${ctx.key} tried ${ctx.state} times`); ctx.state = undefined },
   * })
   */
  process<W, S = unknown>(
    code: {
      readonly element: (value: V, context: ProcessContext<K, W, S>) => void
      readonly timer?: (context: ProcessContext<K, W, S>) => void
    },
    options: ProcessOptions<V> = {},
  ): KeyedStream<K, W> {
    const { ttl, timers = 'event', ...rest } = options
    return this.keyedStep<W>('process', rest, {
      code: { element: code.element, ...(code.timer && { timer: code.timer }) },
      config: { ttlMs: milliseconds(ttl ?? 0), timers },
    })
  }

  /** For the methods of this class and of `Table`: a step whose elements have the same key as they had before. */
  keyedStep<W>(operator: string, options: StepOptions<V>, parts: Partial<Step>): KeyedStream<K, W> {
    const { made, ends } = this.make(operator, options, { streams: { default: ['key', 'value'] }, ...parts })
    return new KeyedStream<K, W>(this.origin, [keyed(made)], ends, this.scope)
  }

  #gather<A>(
    window: Window,
    { aggregate, config, code }: Aggregation,
    options: WindowStepOptions<V>,
  ): KeyedStream<K, Windowed<K, A>> {
    const { onLate, ...rest } = options
    const { made, ends } = this.make('window', rest, {
      name: options.name ?? (aggregate === 'custom' ? 'aggregate' : aggregate),
      config: { ...(window as Exclude<Window, GlobalWindow>), aggregate, ...config },
      code,
      streams: { default: ['key', 'value'], ...(onLate && { [lateStream]: ['value'] }) },
    })
    const late = onLate
      ? onLate(new Stream<V>(this.origin, [local(made, lateStream)], [], `${made.name}.late`)).ends
      : []
    return new KeyedStream<K, Windowed<K, A>>(this.origin, [keyed(made)], [...ends, ...late], this.scope)
  }

  /** As `keyedStep`, with a second input. */
  keyedStepWith<R>(
    operator: string,
    other: Stream<unknown>,
    options: StepOptions<V>,
    parts: Partial<Step>,
  ): KeyedStream<K, R> {
    const right = inputsOf(other)
    if (this.inputs.length !== 1 || right.inputs.length !== 1)
      throw new HeddleError(
        'HEDDLE_TOPOLOGY_INVALID',
        `'${this.origin.topology}': merge before keyBy, not after, to join what was merged`,
      )
    if (this.inputs[0]!.from === right.inputs[0]!.from)
      throw new HeddleError(
        'HEDDLE_TOPOLOGY_INVALID',
        `'${this.origin.topology}': both sides of a join are the same stream; give each a keyBy of its own`,
      )
    const { made, ends } = this.make(operator, options, {
      streams: { default: ['key', 'value'] },
      ...parts,
      inputs: [...this.inputs, ...right.inputs],
    })
    return new KeyedStream<K, R>(this.origin, [keyed(made)], [...ends, ...right.ends], this.scope)
  }
}

export interface FoldOptions<V> extends StepOptions<V> {
  /** A key that nothing came for in this long is forgotten, by event time. Default: never. */
  readonly ttl?: Duration
}

/** What another stream takes from; protected there, since only joins need it. */
const inputsOf = (
  stream: Stream<unknown>,
): { readonly inputs: readonly StepInput[]; readonly ends: readonly Step[] } =>
  stream as unknown as { readonly inputs: readonly StepInput[]; readonly ends: readonly Step[] }
