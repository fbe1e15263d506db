import type { CelPredicate } from '../cel/cel.ts'
import type { Json } from '../plan/plan.ts'
import type { SignalLike } from '../ports/signal.ts'
import type { SinkRef } from '../ports/sink.ts'
import { type Duration, milliseconds } from '../units.ts'
import { End } from './end.ts'
import type { KeyedStream } from './keyed-stream.ts'
import { type EnrichOptions, type Key, type Predicate, type StepOptions, otherwise } from './step-options.ts'
import { type Step, keyed, local } from './step.ts'
import { PatternStream } from './stream-patterns.ts'
import type { TopicRef } from './topic.ts'

type Condition<V> = Predicate<V> | typeof otherwise
/** The elements that a branch gets: narrowed where its condition is a type guard. */
// `any`: only `any` takes every guard's parameter
type Matched<V, C> = C extends ((value: any) => value is infer W) ? (W extends V ? W : V) : V
type Branches<V, C> = { readonly [Name in keyof C]: (branch: Stream<Matched<V, C[Name]>>) => End }
/** A callback for each name, and none besides. */
type Recipients<V, Name extends string> = { readonly [N in Name]: (branch: Stream<V>) => End }

/** Elements of type `V`, on their way. */
export class Stream<V> extends PatternStream<V> {
  /** Another element for each; may be asynchronous. */
  map<W>(map: (value: V) => W | Promise<W>, options: StepOptions<V> = {}): Stream<W> {
    return this.next('map', options, { code: { map } })
  }

  /** Lets through what the predicate is true for. */
  filter<W extends V>(predicate: (value: V) => value is W, options?: StepOptions<V>): Stream<W>
  filter(predicate: Predicate<V>, options?: StepOptions<V>): Stream<V>
  filter(predicate: Predicate<V>, options: StepOptions<V> = {}): Stream<V> {
    return this.next('filter', options, { code: { predicate }, config: celConfig(predicate) })
  }

  /** Any number of elements for each. */
  flatMap<W>(map: (value: V) => Iterable<W> | Promise<Iterable<W>>, options: StepOptions<V> = {}): Stream<W> {
    return this.next('flatMap', options, { code: { map } })
  }

  /** Another element for each, from a call to somewhere else. Order is kept for each partition key. */
  enrich<W>(
    enrich: (value: V, call: { readonly signal: SignalLike }) => W | Promise<W>,
    options: EnrichOptions<V> = {},
  ): Stream<W> {
    const { breaker } = options
    if (breaker && !(Number.isInteger(breaker.failures) && breaker.failures > 0))
      throw new RangeError(`failures of breaker must be a whole number from 1 on, and is ${breaker.failures}`)
    return this.next('enrich', options, {
      code: { enrich },
      config: breaker
        ? { breaker: { failures: breaker.failures, pauseMs: milliseconds(breaker.pause) } }
        : {},
      concurrency: options.concurrency ?? 1,
    })
  }

  /** Drops elements whose key came before within that time (idempotent consumer). */
  dedupe(options: { readonly by: (value: V) => Key; readonly within: Duration } & StepOptions<V>): Stream<V> {
    const { by, within, ...rest } = options
    return this.keyBy(by, { name: `${rest.name ?? 'dedupe'}-key` }).next('dedupe', rest, {
      code: { by },
      config: { withinMs: milliseconds(within) },
    })
  }

  /** Elements of one key go to one task, in order. */
  keyBy<K extends Key>(key: (value: V) => K, options: StepOptions<V> = {}): KeyedStream<K, V> {
    const { made, ends } = this.make('keyBy', options, {
      code: { key },
      streams: { default: ['key', 'value'] },
    })
    return this.origin.keyed<K, V>(this.origin, [keyed(made)], ends, this.scope)
  }

  /**
   * Content-based router: each element goes to the first branch whose condition is true for it. With `otherwise` no
   * element is left over; without it, those that match no branch are dropped and counted.
   *
   * @example
   * stream.route(
   *   { large: (e) => e.data.total > 100, eu: cel`event.data.region == 'eu'`, rest: otherwise },
   *   { large: (s) => s.to(topic('large')), eu: (s) => s.to(topic('eu')), rest: (s) => s.to(topic('rest')) },
   * )
   */
  route<const C extends Readonly<Record<string, Condition<V>>>>(
    conditions: C,
    branches: Branches<V, C>,
    options: StepOptions<V> = {},
  ): End {
    const names = Object.keys(conditions)
    const code: Record<string, unknown> = {}
    for (const name of names) if (typeof conditions[name] === 'function') code[name] = conditions[name]
    const config = {
      branches: names.map((name): Json => {
        const condition = conditions[name]!
        return condition === otherwise ? { name, otherwise: true } : { name, ...celConfig(condition) }
      }),
    }
    return this.#fanOut(
      'route',
      options,
      { code, config },
      names,
      branches as unknown as Recipients<V, string>,
    )
  }

  /** Each element goes to those of the named recipients that the function gives for it. */
  recipientList<Name extends string>(
    recipients: (value: V) => readonly NoInfer<Name>[],
    branches: Recipients<V, Name>,
    options: StepOptions<V> = {},
  ): End {
    const names = Object.keys(branches)
    return this.#fanOut(
      'recipientList',
      options,
      { code: { recipients }, config: { recipients: names } },
      names,
      branches,
    )
  }

  /** A copy of each element goes a way of its own; the flow goes on as if nothing was there. */
  wireTap(tap: (copy: Stream<V>) => End, options: StepOptions<V> = {}): Stream<V> {
    const { made, ends } = this.make('wireTap', options, { streams: { default: ['value'], tap: ['value'] } })
    const copy = new Stream<V>(this.origin, [local(made, 'tap')], [], made.name)
    return new Stream<V>(this.origin, [local(made)], [...ends, ...tap(copy).ends], this.scope)
  }

  /** The elements of both. */
  merge<W>(other: Stream<W>): Stream<V | W> {
    return new Stream<V | W>(
      this.origin,
      [...this.inputs, ...other.inputs],
      [...this.ends, ...other.ends],
      this.scope,
    )
  }

  /**
   * The way out: a topic, or a connector such as `http` or `file`. An element that is not an event becomes the data of one,
   * with an id that is the same whenever it is made again.
   */
  to<T>(target: TopicRef<T> | SinkRef<T>, options: StepOptions<V> = {}): End {
    if (isTopicRef(target)) {
      const { made, ends } = this.make('to-topic', options, {
        name: `to-${target.name}`,
        config: { topic: target.name },
        topics: [target.spec],
      })
      return new End(this.origin, [...ends, made])
    }
    const config = { kind: target.kind, config: target.config as Readonly<Record<string, Json>> }
    const { made, ends } = this.make('sink', options, { name: `to-${target.kind}`, config })
    return new End(this.origin, [...ends, made])
  }

  /** The end of a branch that nobody wants. */
  drop(options: StepOptions<V> = {}): End {
    const { made, ends } = this.make('drop', options, {})
    return new End(this.origin, [...ends, made])
  }

  #fanOut(
    operator: string,
    options: StepOptions<V>,
    parts: Partial<Step>,
    names: readonly string[],
    branches: Recipients<V, string>,
  ): End {
    const streams = Object.fromEntries(names.map((name) => [name, ['value']]))
    const { made, ends } = this.make(operator, options, { ...parts, streams })
    const outs = names.flatMap((name) => {
      const branch = new Stream<V>(this.origin, [local(made, name)], [], this.within(name))
      return branches[name]?.(branch).ends ?? []
    })
    return new End(this.origin, [...ends, ...outs])
  }
}

const celConfig = (predicate: unknown): { cel?: string } =>
  typeof predicate === 'function' && 'cel' in predicate ? { cel: (predicate as CelPredicate).cel } : {}

const isTopicRef = <T>(target: TopicRef<T> | SinkRef<T>): target is TopicRef<T> =>
  target.kind === 'topic' && 'name' in target
