import { assemble } from './assemble.ts'
import type { KeyedStream } from './keyed-stream.ts'
import type { TopologyOptions } from './options.ts'
import type { Key } from './step-options.ts'
import { type Step, type StepInput, partsOf } from './step.ts'
import type { Stream } from './stream.ts'
import type { ComponentCode, Topology } from './topology.ts'

/** What all streams and ends of one flow have in common. */
export interface Origin {
  readonly topology: string
  readonly options: TopologyOptions
  /** Makes streams; given, so that what they are made of need not know them. */
  readonly stream: <V>(
    origin: Origin,
    inputs: readonly StepInput[],
    ends: readonly Step[],
    scope: string,
  ) => Stream<V>
  readonly keyed: <K extends Key, V>(
    origin: Origin,
    inputs: readonly StepInput[],
    ends: readonly Step[],
    scope: string,
  ) => KeyedStream<K, V>
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
