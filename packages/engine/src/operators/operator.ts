/**
 * What an engine and its operators have between them. Operators know nothing of how tuples travel, and do no I/O of
 * their own: the local engine and a Storm worker run the same ones.
 *
 * @module
 */
import type {
  Bolt,
  ComponentCode,
  EmitOptions,
  FiredTimer,
  Output,
  PlanComponent,
  RecordInput,
  TaskContext,
  Tuple,
  Values,
} from '@heddle/core'

/** A tuple with where it comes from. */
export interface OperatorTuple extends Tuple {
  /** An id for what `component` makes of this tuple: the same whenever the tuple comes again. */
  derivedId(component: string): string
  /**
   * Id of the element that `component` emitted and this tuple came of, however many steps ago; the same for all that came of it.
   *
   * @throws RangeError when it came of none.
   */
  idBelow(component: string): string
  /** Trace context of the event that it all came from; one is made if it has none. */
  readonly traceparent: string
  /** That of the event that it all came from. */
  readonly partitionkey: string | undefined
}

export interface OperatorEmit extends EmitOptions {
  /** Event time in milliseconds. Default: that of the tuple being executed. */
  readonly time?: number
  /** What ids are derived from, in place of the tuple being executed. */
  readonly origin?: string
}

/** Where an operator writes. As with `Output`, nothing of a failed attempt takes effect. */
export interface OperatorOutput extends Output {
  emit(values: Values, options?: OperatorEmit): void
  /** Appends to a topic; the tuple is done when that is durable, or part of the epoch's transaction. */
  append(topic: string, record: RecordInput): void
  /** Counts elements that end here on purpose: because no branch wants them, or because they are late. */
  count(what: 'dropped' | 'late'): void
}

export interface OperatorContext extends TaskContext {
  /** It does what is to be done once for all tasks that share its state: the first of them, or each where each has its own. */
  readonly leads: boolean
  /** Where event time has come to, in milliseconds. */
  readonly watermark: () => number
  /** Fields of a stream of a component, in the order of their declaration. */
  readonly fieldsOf: (component: string, stream: string) => readonly string[]
  /** Component of each task, by its number. */
  readonly componentOf: Readonly<Record<string, string>>
  /** Tells the operator that something is wrong which is no tuple's fault. */
  readonly report: (error: unknown) => void
  /** Largest record that a topic of the plan takes, in bytes. */
  readonly maxRecordBytes: (topic: string) => number
}

export interface Operator extends Bolt {
  open?(context: OperatorContext): Promise<void> | void
  execute(tuple: OperatorTuple, out: OperatorOutput): Promise<void> | void
  tick?(out: OperatorOutput): Promise<void> | void
  watermark?(time: number, out: OperatorOutput): Promise<void> | void
  /** The first event time, in milliseconds, at which `watermark` has something to do. Left out: any. */
  wakeAt?(): number
  timer?(timer: FiredTimer, out: OperatorOutput): Promise<void> | void
}

/** Makes the operator of one task. */
export type OperatorFactory = (component: PlanComponent, code: ComponentCode, topology: string) => Operator

/** The function that a component's code has in a role. */
export function roleOf<F>(component: PlanComponent, code: ComponentCode, role: string): F {
  const found = code[role]
  if (typeof found !== 'function')
    throw new TypeError(`'${component.id}' (${component.operator}) has no code '${role}'`)
  return found as F
}

/** True for what has to be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
