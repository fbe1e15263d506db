/**
 * What the code of a component looks like: spouts and bolts, the tuples they take and the outputs they write to.
 *
 * @module
 */
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { SignalLike } from '../ports/signal.ts'

/** The values of a tuple by field. Treat them as immutable: every task that gets the tuple gets the same object. */
export type Values = Readonly<Record<string, unknown>>

/** A tuple as a bolt gets it. */
export interface Tuple<V extends Values = Values> {
  readonly values: V
  readonly component: string
  readonly stream: string
  /** Task that emitted it. */
  readonly task: number
  /** Event time in milliseconds: that of the event at the root of its tree. */
  readonly time: number
}

export interface EmitOptions {
  /** Default: `default`. */
  readonly stream?: string
  /** Receiving task, for a stream that is taken with the direct grouping. */
  readonly task?: number
}

/** Where a bolt writes. What it emits is anchored to the tuple being executed. */
export interface Output<V extends Values = Values> {
  emit(values: V, options?: EmitOptions): void
}

/** Keyed state of a task, changed and committed together with the offsets and outputs of what changed it. */
export interface State {
  /** A JSON value; do not change it in place, `put` a new one. */
  get<T>(key: string): T | undefined
  put<T>(key: string, value: T): void
  delete(key: string): void
  /** Entries whose key starts with `prefix`, in the order of the keys' UTF-8 bytes; sees changes that are not committed yet. */
  entries<T>(prefix?: string): Iterable<readonly [key: string, value: T]>
}

/** By which time a timer is due: that of the events, or that of the clock. */
export type TimerKind = 'event' | 'processing'

/** A timer whose time has come. */
export interface FiredTimer {
  readonly key: string
  /** When it was due, in milliseconds since 1970. */
  readonly time: number
  readonly kind: TimerKind
}

/**
 * Durable timers, one for each key and kind, kept with the state: set, moved and deleted together with the offsets and outputs
 * of what did it, and there after a restart. What was due while nothing ran fires first thing after.
 */
export interface Timers {
  /** Fires at `time` (ms since 1970), or at the next commit if that is past. A timer of the same key and kind is moved. */
  set(key: string, time: number, kind?: TimerKind): void
  delete(key: string, kind?: TimerKind): void
  /** When it is due; `undefined` when it is not set. `kind` is `event` by default, here as above. */
  get(key: string, kind?: TimerKind): number | undefined
}

export interface TaskContext {
  readonly topology: string
  readonly component: string
  /** Number of this task, unique in the topology. */
  readonly task: number
  /** 0 … tasks - 1 */
  readonly index: number
  readonly tasks: number
  readonly clock: Clock
  readonly state: State
  readonly timers: Timers
  /** Tasks of each component, for the direct grouping. */
  readonly tasksOf: (component: string) => readonly number[]
  /** Aborted when the topology stops without draining. */
  readonly signal: SignalLike
}

/**
 * A bolt. `execute` is called once a tuple; when it returns, or its promise resolves, the tuple is acked. A throw is
 * tried again by the component's retry policy, then the original event goes to the dead letters. What it emitted before
 * the throw is dropped.
 */
export interface Bolt<In extends Values = Values, Out extends Values = Values> {
  open?(context: TaskContext): Promise<void> | void
  execute(tuple: Tuple<In>, out: Output<Out>): Promise<void> | void
  /** Called every `tickInterval` if it is there. */
  tick?(out: Output<Out>): Promise<void> | void
  /** Event time has come to `time` (ms): no older event is expected. Emit what waited for it. */
  watermark?(time: number, out: Output<Out>): Promise<void> | void
  /**
   * A timer that was set is due: it is deleted, and this is called in the task that a fields grouping gives its key to. Timers
   * come in the order of their times. What it emits has the timer's time. A throw takes all back; it is tried again after a
   * while, by the component's retry policy, until it succeeds.
   */
  timer?(timer: FiredTimer, out: Output<Out>): Promise<void> | void
  close?(): Promise<void> | void
}

/** A bolt that is only its `execute`. */
export type BoltFunction<In extends Values = Values, Out extends Values = Values> = (
  tuple: Tuple<In>,
  out: Output<Out>,
) => Promise<void> | void

/** Each task gets its own instance from a factory; a plain object or function is shared by the tasks. */
export type BoltCode<In extends Values = Values, Out extends Values = Values> =
  | BoltFunction<In, Out>
  | Bolt<In, Out>
  | { readonly create: () => Bolt<In, Out> }

/** Where a spout writes. A tuple with an `id` is tracked: `ack` or `fail` is called with that id, once. */
export interface SpoutOutput<V extends Values = Values> {
  emit(values: V, options?: EmitOptions & { readonly id?: string; readonly time?: number }): void
}

export interface SpoutContext extends Omit<TaskContext, 'timers'> {
  readonly log: Log
}

/** A spout, as in Storm. Replaying what failed is its own business: `fromTopic` does it by offset. */
export interface Spout<Out extends Values = Values> {
  open?(context: SpoutContext): Promise<void> | void
  /** Emit what there is, at most a few hundred tuples; emitting nothing means that it is asked again a little later. */
  next(out: SpoutOutput<Out>): Promise<void> | void
  ack?(id: string): void
  fail?(id: string): void
  close?(): Promise<void> | void
}

export type SpoutCode<Out extends Values = Values> = Spout<Out> | { readonly create: () => Spout<Out> }
