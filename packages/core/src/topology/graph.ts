/**
 * The graph: topologies of spouts, bolts and groupings, as in Storm.
 *
 * @module
 */
import { type Grouping, type PlanInput, type RetryPolicy, defaultStream } from '../plan/plan.ts'
import { type Part, assemble } from './assemble.ts'
import { callSite } from './call-site.ts'
import type { BoltCode, SpoutCode, Values } from './component.ts'
import type { End } from './end.ts'
import type { BoltRef, ComponentRef, SpoutRef } from './graph-ends.ts'
import { graphFlow } from './graph-flow.ts'
import type { TopologyOptions } from './options.ts'
import { defaultRetry } from './retry.ts'
import type { Stream } from './stream.ts'
import type { ComponentCode, Topology } from './topology.ts'

export interface ComponentOptions<F extends readonly string[], S extends Streams> {
  /** Fields of the default stream. */
  readonly fields?: F
  /** Fields of further streams, by name. */
  readonly streams?: S
  /** Tasks. Default 1. */
  readonly parallelism?: number
  /** Tuples under way at once in each task of an asynchronous bolt. Default 1, and 100 for `shell`. */
  readonly concurrency?: number
  readonly retry?: RetryPolicy
}

/** A stream of a component: what a grouping takes. `F` are its fields, `V` the values under them. */
export interface StreamHandle<F extends string, V extends Values> {
  readonly component: string
  readonly streamId: string
  /** Only for the type checker. */
  readonly shape?: { readonly fields: F; readonly values: V }
}

/** A component's default stream, and its others. */
export interface ComponentHandle<F extends string, V extends Values, S extends Streams> extends StreamHandle<
  F,
  V
> {
  stream<N extends keyof S & string>(name: N): StreamHandle<S[N][number], Shape<Values, S[N][number]>>
}

type Streams = Readonly<Record<string, readonly string[]>>
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- no name at all is meant
type NoStreams = Record<never, never>
/** The values under the fields `F`; of code that does not say what it emits, anything. */
// `any`: an untyped component fits every other, as in Storm
type Shape<V, F extends string> = string extends keyof V ? { readonly [K in F]: any } : Pick<V, F & keyof V>
type From<In extends Values, F extends string> = StreamHandle<F, In>

/** A bolt that may take from more streams. Each call adds one; a bolt gets the tuples of all. */
export interface BoltHandle<
  In extends Values,
  F extends string,
  V extends Values,
  S extends Streams,
> extends ComponentHandle<F, V, S> {
  /** Tuples go round the tasks in turn. */
  shuffle<G extends string>(from: From<In, G>): this
  /** As shuffle, among the tasks in the same process where there are any. */
  localOrShuffle<G extends string>(from: From<In, G>): this
  /** Tuples with the same values in these fields go to the same task. */
  fields<G extends string>(from: From<In, G>, ...fields: readonly [NoInfer<G>, ...NoInfer<G>[]]): this
  /** As fields, but each key is shared between two tasks, the less busy of which gets the tuple. */
  partialKey<G extends string>(from: From<In, G>, ...fields: readonly [NoInfer<G>, ...NoInfer<G>[]]): this
  /** Every task gets every tuple. */
  all<G extends string>(from: From<In, G>): this
  /** All tuples go to the first task. */
  global<G extends string>(from: From<In, G>): this
  /** The emitter names the task: `out.emit(values, { task })`. */
  direct<G extends string>(from: From<In, G>): this
}

/** Builds a topology of spouts and bolts. It is one itself: export it as it is. */
export class Graph implements Topology {
  readonly name: string
  readonly #options: TopologyOptions
  readonly #parts: Part[] = []
  #assembled: Pick<Topology, 'plan' | 'code'> | undefined

  constructor(name: string, options: TopologyOptions) {
    this.name = name
    this.#options = options
  }

  get plan(): Topology['plan'] {
    return this.#assemble().plan
  }

  get code(): ReadonlyMap<string, ComponentCode> {
    return this.#assemble().code
  }

  /**
   * Adds a spout.
   *
   * @example const lines = t.spout('lines', fromTopic('lines'), { fields: ['line'] })
   */
  spout<V extends Values, const F extends readonly (keyof V & string)[], const S extends Streams = NoStreams>(
    id: string,
    code: SpoutCode<V> | SpoutRef<V>,
    options: ComponentOptions<F, S> = {},
  ): ComponentHandle<F[number], Shape<V, F[number]>, S> {
    this.#add(id, 'spout', code, options, [])
    return handleOf(id)
  }

  /**
   * Adds a bolt; then say what it takes, with a grouping.
   *
   * @example t.bolt('count', count, { fields: ['word', 'count'], parallelism: 8 }).fields(words, 'word')
   */
  bolt<
    In extends Values,
    Out extends Values,
    const F extends readonly (keyof Out & string)[],
    const S extends Streams = NoStreams,
  >(
    id: string,
    code: BoltCode<In, Out> | BoltRef<In>,
    options: ComponentOptions<F, S> = {},
  ): BoltHandle<In, F[number], Shape<Out, F[number]>, S> {
    type Handle = BoltHandle<In, F[number], Shape<Out, F[number]>, S>
    const inputs: PlanInput[] = []
    this.#add(id, 'bolt', code, options, inputs)
    const take = (from: StreamHandle<string, Values>, grouping: Grouping): Handle => {
      this.#assembled = undefined
      inputs.push({ from: from.component, stream: from.streamId, grouping })
      return handle
    }
    const handle: Handle = {
      ...handleOf<F[number], Shape<Out, F[number]>, S>(id),
      shuffle: (from) => take(from, { kind: 'shuffle' }),
      localOrShuffle: (from) => take(from, { kind: 'local-or-shuffle' }),
      fields: (from, ...fields) => take(from, { kind: 'fields', fields }),
      partialKey: (from, ...fields) => take(from, { kind: 'partial-key', fields }),
      all: (from) => take(from, { kind: 'all' }),
      global: (from) => take(from, { kind: 'global' }),
      direct: (from) => take(from, { kind: 'direct' }),
    }
    return handle
  }

  /**
   * Puts a flow into the graph: all that flows can do, on the tuples of a stream. Its elements are the tuples' values. What it
   * comes to can be taken like a bolt's stream, with the field `value`, and `key` where it has one; or it ends.
   *
   * @param id Begins the ids of its steps: `counts.keyBy`, `counts.count`.
   * @example
   * const counts = t.flow('counts', words, (s) => s.keyBy((v) => v.word).window(tumbling('1m')).count())
   * t.bolt('print', print).shuffle(counts)
   */
  flow<G extends string, In extends Values, W>(
    id: string,
    from: StreamHandle<G, In>,
    build: (stream: Stream<In>) => Stream<W>,
  ): StreamHandle<'value', { readonly value: W }>
  flow<G extends string, In extends Values>(
    id: string,
    from: StreamHandle<G, In>,
    build: (stream: Stream<In>) => End,
  ): void
  flow(
    id: string,
    from: StreamHandle<string, Values>,
    build: (stream: Stream<Values>) => Stream<unknown> | End,
  ): StreamHandle<'value', Values> | undefined {
    this.#assembled = undefined
    const flow = graphFlow(this.name, this.#options, id, from, build)
    this.#parts.push(...flow.parts)
    return flow.out
  }

  #add(
    id: string,
    kind: 'spout' | 'bolt',
    code: unknown,
    options: ComponentOptions<readonly string[], Streams>,
    inputs: PlanInput[],
  ): void {
    this.#assembled = undefined
    const { fields, streams, parallelism = 1, retry = defaultRetry } = options
    const ref: ComponentRef = isRef(code)
      ? code
      : { operator: kind, config: {}, code: { [kind]: code }, topics: [] }
    const { concurrency = ref.concurrency ?? 1 } = options
    const declared = { ...(fields && { [defaultStream]: fields }), ...streams }
    this.#parts.push({
      component: {
        id,
        kind,
        operator: ref.operator,
        config: ref.config,
        parallelism,
        concurrency,
        retry,
        streams: declared,
        inputs,
      },
      code: ref.code,
      topics: ref.topics,
      open: [], // as in Storm, a stream that nobody takes is nothing wrong
      at: callSite(),
    })
  }

  #assemble(): Pick<Topology, 'plan' | 'code'> {
    return (this.#assembled ??= assemble(this.name, this.#options, this.#parts))
  }
}

const handleOf = <F extends string, V extends Values, S extends Streams>(
  id: string,
): ComponentHandle<F, V, S> => ({
  component: id,
  streamId: defaultStream,
  stream: (name) => ({ component: id, streamId: name }),
})

const isRef = (code: unknown): code is ComponentRef =>
  typeof code === 'object' && code !== null && 'operator' in code
