import type { Node } from 'yaml'
import type { Compiled, Wanted } from '../cel/compile.ts'
import type { CelScope } from '../cel/environment.ts'
import type { End } from '../topology/end.ts'
import type { Key, StepOptions } from '../topology/step-options.ts'
import type { Stream } from '../topology/stream.ts'
import type { Table } from '../topology/table.ts'
import type { TopicRef } from '../topology/topic.ts'
import type { BranchText } from './branch.ts'
import type { CelText } from './cel-text.ts'
import type { Reader } from './reader.ts'
import type { Located, Shape } from './shape.ts'
import type { StepText } from './steps.ts'

/** A stream on its way, and what is known of its elements. */
export interface Flow {
  // `any`: what its elements are, only the scope knows
  readonly stream: Stream<any>
  readonly scope: CelScope
}

/** Topics as the file has them. */
export interface Sources {
  readonly topic: (name: string) => TopicRef
  /** What is known of the events of a topic. */
  readonly scope: (topic: string) => CelScope
  readonly stream: (
    topic: string,
    options?: { readonly name?: string; readonly parallelism?: number },
  ) => Flow
  readonly table: (topic: string, key: ((event: unknown) => Key) | undefined) => Table<Key, unknown>
  /** A path as it stands in the file, from the folder of the file; `undefined` where that is not known. */
  readonly resolve: (path: string) => string | undefined
  /** One topology of several flows. */
  readonly all: (ends: readonly End[]) => End
}

/** Where something stands: its name, and all of it. */
export type Place = Pick<Located<unknown>, 'node' | 'whole'>

/** What the builder of a step has at hand. */
export interface StepBuilding {
  readonly reader: Reader
  readonly node: Node
  /** Name, parallelism, retry and error branch, as the file has them. */
  readonly options: StepOptions<unknown>
  /** Compiles an expression for elements of a scope; one that is wrong is told, and gives `undefined` for all. */
  readonly compile: (text: CelText, scope: CelScope, wanted: Wanted) => Compiled
  /** Builds a branch to its end; `at` is where it stands, if not at the step. */
  readonly branch: (flow: Flow, branch: BranchText, at?: Place) => End
  /** Adds steps that lead on. */
  readonly steps: (flow: Flow, steps: readonly StepText[]) => Flow
  readonly sources: Sources
}

/** A kind of step, under the word that files have for it: how it is read, described, and built. */
export interface StepKind<T = unknown> {
  readonly about: string
  readonly shape: Shape<T>
  /** A step of this kind, in YAML: for the reference, and tried by a test. */
  readonly example: string
  /** Does what the file says; nothing may follow where it gives an end. */
  build(flow: Flow, value: T, step: StepBuilding): Flow | End
}

/** A kind among others, whose values are its own business. */
export const stepKind = <T>(kind: StepKind<T>): StepKind => kind

/** The same elements. */
export const passing = (flow: Flow, stream: Flow['stream']): Flow => ({ stream, scope: flow.scope })
