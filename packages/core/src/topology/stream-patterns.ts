import type { Event } from '../event/event.ts'
import { milliseconds, type Duration } from '../units.ts'
import type { Claim, ClaimStore } from './claim.ts'
import { End } from './end.ts'
import type {
  BatchOptions,
  DebounceOptions,
  DelayOptions,
  GatherOptions,
  Gathered,
  LoopOptions,
  Part,
  Replied,
  RequestOptions,
  ResequenceOptions,
  SampleOptions,
  ScatterOptions,
  ThrottleOptions,
} from './pattern-options.ts'
import type { ShellRef } from './shell.ts'
import type { CallOptions, Key, StepOptions } from './step-options.ts'
import { type Step, type StepInput, local, step } from './step.ts'
import { StreamBase } from './stream-base.ts'
import type { Stream } from './stream.ts'
import type { TopicRef } from './topic.ts'

/** A function from `V` to `V`; written as a method, so that a stream of something narrower still is a stream. */
type SlipStep<V> = { step(value: V): V | Promise<V> }['step']
type Scatter<V> = Readonly<Record<string, (copy: Stream<V>) => Stream<unknown>>>
/** What the branches gave, by name; one that gave nothing in time is missing. */
type Answers<B> = { readonly [N in keyof B]?: B[N] extends (copy: never) => Stream<infer W> ? W : never }

/** The enterprise integration patterns, as steps. */
export class PatternStream<V> extends StreamBase<V> {
  /** Calls the function with each element, which then goes on as it is. */
  peek(look: (value: V) => void | Promise<void>, options: StepOptions<V> = {}): Stream<V> {
    return this.next('peek', options, { code: { look } })
  }

  /**
   * Splitter: each element becomes its parts, which know where they belong. `gatherParts` is the way back.
   *
   * @example orders.split((o) => o.data.lines).enrich(price).gatherParts()
   */
  split<W>(
    parts: (value: V) => readonly W[] | Promise<readonly W[]>,
    options: StepOptions<V> = {},
  ): Stream<Part<W>> {
    return this.next('split', options, { code: { parts } })
  }

  /**
   * Aggregator: waits until all elements that belong together are there, or time is up.
   *
   * @example stream.gather({ by: (o) => o.data.id, until: 3, timeout: '1m' })
   */
  gather<K extends Key>(options: GatherOptions<V, K>): Stream<Gathered<K, V>> {
    const { by, until, timeout, limit = 10_000, ...rest } = options
    const counted = typeof until === 'number'
    return this.next('gather', rest, {
      code: { by, ...(!counted && { until }) },
      config: { count: counted ? until : 0, timeoutMs: milliseconds(timeout ?? 0), limit },
    })
  }

  /** Brings the parts of `split` together again, in their order; those that are missing when time is up are left out. */
  gatherParts<W>(
    this: PatternStream<Part<W>>,
    options: StepOptions<Part<W>> & Pick<GatherOptions<Part<W>, string>, 'timeout' | 'limit'> = {},
  ): Stream<readonly W[]> {
    const { timeout, limit = 10_000, ...rest } = options
    const gathered = this.next<Gathered<string, Part<W>>>('gather', rest, {
      code: { by: ({ group }: Part<W>) => group, size: ({ size }: Part<W>) => size },
      config: { count: 0, timeoutMs: milliseconds(timeout ?? 0), limit },
    })
    return gathered.map(({ elements }) =>
      elements.toSorted((a, b) => a.index - b.index).map(({ part }) => part),
    )
  }

  /**
   * Scatter-gather: a copy of each element goes to every branch, and what they give comes together again. A branch must not
   * put an element into a window, table or queue: what comes out of those does not belong to the element any more.
   *
   * @param combine Makes the result of what came in time.
   * @example
   * stream.scatterGather(
   *   { price: (s) => s.enrich(price), stock: (s) => s.enrich(stock) },
   *   (found, order) => ({ ...order, ...found }),
   *   { timeout: '2s' },
   * )
   */
  scatterGather<const B extends Scatter<V>, R>(
    branches: B,
    combine: (answers: Answers<B>, value: V) => R,
    options: ScatterOptions<V> = {},
  ): Stream<R> {
    const { timeout = '10s', ...rest } = options
    const names = Object.keys(branches)
    const { made: scatter, ends } = this.make('scatter', rest, {
      streams: { default: ['value'], ...Object.fromEntries(names.map((name) => [name, ['value']])) },
    })
    const outs = names.map((name) =>
      branches[name]!(this.origin.stream<V>(this.origin, [local(scatter, name)], [], this.within(name))),
    )
    const inputs = outs.map((out, at) => onlyInput(out, names[at]!))
    const gather = step({
      kind: 'bolt',
      operator: 'gatherAnswers',
      name: `${scatter.name}-gather`,
      code: { combine },
      config: { branches: names, timeoutMs: milliseconds(timeout) },
      streams: { default: ['value'] },
      inputs: [
        { ...local(scatter), grouping: { kind: 'global' } },
        ...inputs.map((input): StepInput => ({ ...input, grouping: { kind: 'global' } })),
      ],
    })
    const sides = outs.flatMap((out) => (out as unknown as { readonly ends: readonly Step[] }).ends)
    return this.origin.stream<R>(this.origin, [local(gather)], [...ends, ...sides], this.scope)
  }

  /** Dynamic recipient list: each element goes to those of the topics whose names the function gives for it. */
  toEach(
    topics: readonly TopicRef[],
    choose: (value: V) => readonly string[],
    options: StepOptions<V> = {},
  ): End {
    const { made, ends } = this.make('toEach', options, {
      code: { choose },
      config: { topics: topics.map(({ name }) => name) },
      topics: topics.map(({ spec }) => spec),
    })
    return new End(this.origin, [...ends, made])
  }

  /**
   * Routing slip: the function names the steps that an element needs, and they are done in that order.
   *
   * @example stream.routingSlip((o) => (o.gift ? ['wrap', 'ship'] : ['ship']), { wrap, ship })
   */
  routingSlip<Name extends string>(
    slip: (value: V) => readonly NoInfer<Name>[],
    steps: { readonly [N in Name]: SlipStep<V> },
    options: StepOptions<V> = {},
  ): Stream<V> {
    return this.next('routingSlip', options, {
      code: { slip, ...prefixed(steps) },
      config: { steps: Object.keys(steps) },
    })
  }

  /**
   * Normaliser: elements of several shapes become one. What `of` gives for an element says which function takes it.
   *
   * @param of Default: the event's type.
   */
  normalise<W>(
    shapes: Readonly<Record<string, (value: V) => W | Promise<W>>>,
    options: StepOptions<V> & { readonly of?: (value: V) => string } = {},
  ): Stream<W> {
    const { of = typeOf, ...rest } = options
    return this.next('normalise', rest, {
      code: { of, ...prefixed(shapes) },
      config: { shapes: Object.keys(shapes) },
    })
  }

  /** Content filter: only these fields of each element. */
  pick<N extends keyof V & string>(...fields: readonly [N, ...N[]]): Stream<Pick<V, N>> {
    return this.next('pick', {}, { config: { fields } })
  }

  /** Content filter: each element without these fields. */
  omit<N extends keyof V & string>(...fields: readonly [N, ...N[]]): Stream<Omit<V, N>> {
    return this.next('omit', {}, { config: { fields } })
  }

  /**
   * Claim check: each element is put into a store, and a claim goes on in its place. `checkOut` brings it back, in this topology
   * or in another one.
   *
   * @param keep What the next steps have to know of it.
   * @example scans.checkIn(claimFolder('scans'), (e) => e.subject).to(topic('scan.claims'))
   */
  checkIn<K>(store: ClaimStore, keep: (value: V) => K, options: CallOptions<V> = {}): Stream<Claim<V, K>> {
    return this.next('checkIn', options, { code: { store, keep }, concurrency: options.concurrency ?? 1 })
  }

  /** What was put into the store under the claim. It stays there; a claim of nothing fails. */
  checkOut<W>(
    this: PatternStream<Claim<W, unknown>>,
    store: ClaimStore,
    options: CallOptions<Claim<W, unknown>> = {},
  ): Stream<W> {
    return this.next('checkOut', options, { code: { store }, concurrency: options.concurrency ?? 1 })
  }

  /** Resequencer: elements that are numbered come out in the order of their numbers; one that came before is dropped. */
  resequence(options: ResequenceOptions<V>): Stream<V> {
    const { by, sequence, first = 0, timeout, limit = 10_000, ...rest } = options
    return this.next('resequence', rest, {
      code: { by, sequence },
      config: { first, timeoutMs: milliseconds(timeout ?? 0), limit },
    })
  }

  /**
   * Holds each element for a time, by the clock: durably, for as long as need be.
   *
   * @param time A duration, or what gives the milliseconds for an element.
   */
  delay(time: Duration | ((value: V) => number), options: DelayOptions<V> = {}): Stream<V> {
    const { limit = 1_000_000, ...rest } = options
    const dynamic = typeof time === 'function'
    return this.next('delay', rest, {
      code: dynamic ? { time } : {},
      config: { delayMs: dynamic ? 0 : milliseconds(time), limit },
    })
  }

  /** No more than so many elements in a time; those beyond it wait, in order. */
  throttle(options: ThrottleOptions<V>): Stream<V> {
    const { rate, per = '1s', by, drop = false, limit = 100_000, ...rest } = options
    if (!(rate > 0)) throw new RangeError(`rate of throttle must be more than 0, and is ${rate}`)
    return this.next('throttle', rest, {
      code: by ? { by } : {},
      config: { everyMs: milliseconds(per) / rate, drop, limit },
    })
  }

  /** The last element of each key, when nothing has come for it in so long by the clock. */
  debounce(quiet: Duration, options: DebounceOptions<V>): Stream<V> {
    const { by, ...rest } = options
    return this.next('debounce', rest, { code: { by }, config: { quietMs: milliseconds(quiet) } })
  }

  /** Elements together, as an array: as many as there are, or as have come when time is up. */
  batch(options: BatchOptions<V> = {}): Stream<readonly V[]> {
    const { count = 100, within = '1s', ...rest } = options
    if (!(Number.isInteger(count) && count > 0))
      throw new RangeError(`count of batch must be a whole number from 1 on, and is ${count}`)
    return this.next('batch', rest, { config: { count, withinMs: milliseconds(within) } })
  }

  /** Some of the elements; the others are dropped and counted. */
  sample(options: SampleOptions<V>): Stream<V> {
    const { name, parallelism, retry, onError } = options
    const rest = {
      ...(name !== undefined && { name }),
      ...(parallelism !== undefined && { parallelism }),
      ...(retry && { retry }),
      ...(onError && { onError }),
    }
    if (options.every !== undefined) return this.next('sample', rest, { config: { every: options.every } })
    if (options.share !== undefined)
      return this.next('sample', rest, { code: { by: options.by }, config: { share: options.share } })
    return this.next('sample', rest, {
      code: options.by ? { by: options.by } : {},
      config: { perMs: milliseconds(options.per) },
    })
  }

  /** Does a step again and again until an element is done; each of the elements by itself. */
  loop(step: (value: V) => V | Promise<V>, options: LoopOptions<V>): Stream<V> {
    const { until, rounds, ...rest } = options
    if (!(Number.isInteger(rounds) && rounds > 0))
      throw new RangeError(`rounds of loop must be a whole number from 1 on, and is ${rounds}`)
    return this.next('loop', rest, { code: { step, until }, config: { rounds } })
  }

  /**
   * A program in any language takes each element, and what it emits goes on: see `shell`. Tuples have one field, both ways.
   *
   * @example orders.map((e) => e.data).through<number>(shell('ruby', ['score.rb']))
   */
  through<W>(program: ShellRef, options: StepOptions<V> & { readonly concurrency?: number } = {}): Stream<W> {
    const { concurrency = program.concurrency, ...rest } = options
    return this.next(program.operator, rest, { config: program.config, concurrency })
  }

  /**
   * Request-reply: each element is sent to a topic, and comes out with the reply to it that came in another one. Whoever replies
   * copies the extension attribute `correlationid`; `replyTo` does it.
   *
   * @example quotes.request(topic('price.requests'), topic<Price>('price.replies'), { timeout: '5s' })
   */
  request<R>(
    to: TopicRef,
    replies: TopicRef<R>,
    options: RequestOptions<V> = {},
  ): Stream<Replied<V, Event<R>>> {
    const { timeout = '30s', ...rest } = options
    const source = step({
      name: this.within(`from-${replies.name}`),
      kind: 'spout',
      operator: 'topic',
      config: { topic: replies.name, as: 'event' },
      streams: { default: ['value'] },
      topics: [replies.spec],
    })
    const { made, ends } = this.make('request', rest, {
      config: { topic: to.name, timeoutMs: milliseconds(timeout) },
      streams: { default: ['value'] },
      topics: [to.spec],
      inputs: [...this.inputs, local(source)].map((input): StepInput => ({
        ...input,
        grouping: { kind: 'global' },
      })),
    })
    return this.origin.stream<Replied<V, Event<R>>>(this.origin, [local(made)], ends, this.scope)
  }
}

const typeOf = (value: unknown): string => String((value as { readonly type?: unknown }).type)

/** Roles that names of the user cannot clash with. */
const prefixed = (functions: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(functions).map(([name, each]) => [`:${name}`, each]))

function onlyInput(stream: Stream<unknown>, branch: string): StepInput {
  const { inputs } = stream as unknown as { readonly inputs: readonly StepInput[] }
  if (inputs.length === 1) return inputs[0]!
  throw new RangeError(
    `the branch '${branch}' of scatterGather ends in a merge: end it in one step, such as .map(…)`,
  )
}
