/**
 * The flow: topologies as typed chains. Every step gives a new value; nothing runs before an engine gets the topology.
 *
 * @module
 */
import type { CelPredicate } from '../cel/cel.ts'
import type { Event } from '../event/event.ts'
import { type Json, type RetryPolicy, errorStream } from '../plan/plan.ts'
import type { SignalLike } from '../ports/signal.ts'
import type { SinkRef } from '../ports/sink.ts'
import { type Duration, milliseconds } from '../units.ts'
import { assemble } from './assemble.ts'
import type { TopologyOptions } from './options.ts'
import { type Step, type StepInput, partsOf, step } from './step.ts'
import type { TopicRef } from './topic.ts'
import type { ComponentCode, Topology } from './topology.ts'
import type { TumblingWindow, Windowed } from './window.ts'

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

export interface EnrichOptions<V> extends StepOptions<V> {
  /** Calls under way at once in each task; calls for one partition key are made one after the other. Default 1. */
  readonly concurrency?: number
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

type Condition<V> = Predicate<V> | typeof otherwise
/** The elements that a branch gets: narrowed where its condition is a type guard. */
// `any`: only `any` takes every guard's parameter
type Matched<V, C> = C extends ((value: any) => value is infer W) ? (W extends V ? W : V) : V
type Branches<V, C> = { readonly [Name in keyof C]: (branch: Stream<Matched<V, C[Name]>>) => End }
/** A callback for each name, and none besides. */
type Recipients<V, Name extends string> = { readonly [N in Name]: (branch: Stream<V>) => End }

interface Origin {
  readonly topology: string
  readonly options: TopologyOptions
}

/** Where a flow begins. */
export interface FlowStart {
  /** A stream of the topic's events. */
  from<T>(source: TopicRef<T>, options?: Pick<StepOptions<never>, 'name' | 'parallelism'>): Stream<Event<T>>
  /** One topology of several flows. */
  all(...flows: readonly End[]): End
}

/** A flow that has come to its ends: a topology. */
export class End implements Topology {
  readonly name: string
  /** The last steps, which lead to all others. */
  readonly ends: readonly Step[]
  readonly #options: TopologyOptions
  #assembled: Pick<Topology, 'plan' | 'code'> | undefined

  constructor(origin: Origin, ends: readonly Step[]) {
    this.name = origin.topology
    this.ends = ends
    this.#options = origin.options
  }

  get plan(): Topology['plan'] {
    return this.#assemble().plan
  }

  get code(): ReadonlyMap<string, ComponentCode> {
    return this.#assemble().code
  }

  #assemble(): Pick<Topology, 'plan' | 'code'> {
    return (this.#assembled ??= assemble(this.name, this.#options, partsOf(this.ends)))
  }
}

/**
 * Begins a flow.
 *
 * @example
 * topology('shop', { guarantee: 'exactly-once' })
 *   .from(topic<Order>('orders'))
 *   .filter((order) => order.data.total > 100)
 *   .to(topic('large-orders'))
 */
export function flow(name: string, options: TopologyOptions = {}): FlowStart {
  const origin = { topology: name, options }
  return {
    from(source, { name = `from-${source.name}`, parallelism = 1 } = {}) {
      const from = step({
        name,
        kind: 'spout',
        operator: 'topic',
        config: { topic: source.name, as: 'event' },
        parallelism,
        streams: { default: ['value'] },
        topics: [source.spec],
      })
      return new Stream(origin, [local(from)], [], '')
    },
    all: (...flows) => new End(origin, [...new Set(flows.flatMap((each) => each.ends))]),
  }
}

/** Elements of type `V`, on their way. */
export class Stream<V> {
  protected readonly origin: Origin
  protected readonly inputs: readonly StepInput[]
  /** Ends of side branches that left the flow before this point. */
  protected readonly ends: readonly Step[]
  /** Before the names of steps: the branches that lead here. */
  protected readonly scope: string

  constructor(origin: Origin, inputs: readonly StepInput[], ends: readonly Step[], scope: string) {
    this.origin = origin
    this.inputs = inputs
    this.ends = ends
    this.scope = scope
  }

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
    return this.next('enrich', options, { code: { enrich }, concurrency: options.concurrency ?? 1 })
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
    return new KeyedStream<K, V>(this.origin, [keyed(made)], ends, this.scope)
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

  protected next<W>(operator: string, options: StepOptions<V>, parts: Partial<Step>): Stream<W> {
    const { made, ends } = this.make(operator, options, { streams: { default: ['value'] }, ...parts })
    return new Stream<W>(this.origin, [local(made)], ends, this.scope)
  }

  /** The step, and the ends that the flow has with it: those of its error branch are new. */
  protected make(
    operator: string,
    options: StepOptions<V>,
    parts: Partial<Step>,
  ): { made: Step; ends: readonly Step[] } {
    const { name, parallelism, retry, onError } = options
    const made = step({
      kind: 'bolt',
      operator,
      inputs: this.inputs,
      ...(parallelism !== undefined && { parallelism }),
      ...(retry && { retry }),
      ...parts,
      name: this.#within(name ?? parts.name ?? operator),
      named: name !== undefined,
      ...(onError && { streams: { ...parts.streams, [errorStream]: ['value'] } }),
    })
    if (!onError) return { made, ends: this.ends }
    const failures = new Stream<Failure<V>>(this.origin, [local(made, errorStream)], [], `${made.name}.error`)
    return { made, ends: [...this.ends, ...onError(failures).ends] }
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
      const branch = new Stream<V>(this.origin, [local(made, name)], [], this.#within(name))
      return branches[name]?.(branch).ends ?? []
    })
    return new End(this.origin, [...ends, ...outs])
  }

  #within(name: string): string {
    return this.scope === '' ? name : `${this.scope}.${name}`
  }
}

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

const local = (from: Step, stream = 'default'): StepInput => ({
  from,
  stream,
  grouping: { kind: 'local-or-shuffle' },
})
const keyed = (from: Step): StepInput => ({
  from,
  stream: 'default',
  grouping: { kind: 'fields', fields: ['key'] },
})

const celConfig = (predicate: unknown): { cel?: string } =>
  typeof predicate === 'function' && 'cel' in predicate ? { cel: (predicate as CelPredicate).cel } : {}

const isTopicRef = <T>(target: TopicRef<T> | SinkRef<T>): target is TopicRef<T> =>
  target.kind === 'topic' && 'name' in target
