/**
 * Spouts and bolts that Heddle brings for the graph: topics in, topics and connectors out.
 *
 * @module
 */
import type { Event } from '../event/event.ts'
import type { Json } from '../plan/plan.ts'
import type { TopicSpec } from '../ports/log.ts'
import type { SinkRef } from '../ports/sink.ts'
import type { Values } from './component.ts'
import { type TopicRef, topic } from './topic.ts'
import type { ComponentCode } from './topology.ts'

/** A component that an engine has the code of, in place of the user's. */
export interface ComponentRef {
  readonly operator: string
  readonly config: Readonly<Record<string, Json>>
  readonly code: ComponentCode
  readonly topics: readonly TopicSpec[]
  /** Tuples under way at once in each task, where the user says nothing. Default 1. */
  readonly concurrency?: number
}

export interface SpoutRef<Out extends Values> extends ComponentRef {
  /** Only for the type checker. */
  readonly emits?: Out
}

export interface BoltRef<In extends Values> extends ComponentRef {
  /** Only for the type checker. */
  readonly takes?: (values: In) => void
}

/**
 * A spout of a topic's events, replayed by offset. Without `map` the declared fields say what is emitted: `event`, `key`,
 * `topic`, `partition`, `offset` and `timestamp` are what they say, and a field of any other name is the event's data.
 *
 * @example
 * t.spout('lines', fromTopic('lines'), { fields: ['line'] })
 * t.spout('orders', fromTopic<Order>('orders', (e) => ({ id: e.data.id, total: e.data.total })), { fields: ['id', 'total'] })
 */
export function fromTopic<T = unknown, Out extends Values = Values>(
  source: TopicRef<T> | string,
  map?: (event: Event<T>) => Out,
): SpoutRef<Out> {
  const { name, spec } = typeof source === 'string' ? topic(source) : source
  return { operator: 'topic', config: { topic: name }, code: map ? { map } : {}, topics: [spec] }
}

/**
 * A bolt that appends to a topic.
 *
 * @param map Makes the event, or the data of one, from the values. Default: the field `value` if there is one, otherwise the
 *   values are the data.
 */
export function toTopic<In extends Values = Values>(
  target: TopicRef | string,
  map?: (values: In) => unknown,
): BoltRef<In> {
  const { name, spec } = typeof target === 'string' ? topic(target) : target
  return { operator: 'to-topic', config: { topic: name }, code: map ? { map } : {}, topics: [spec] }
}

/** A bolt that hands events to a connector, such as `http(…)` or `file(…)`. @param map As for `toTopic`. */
export function toSink<In extends Values = Values>(
  target: SinkRef,
  map?: (values: In) => unknown,
): BoltRef<In> {
  const config = { kind: target.kind, config: target.config as Readonly<Record<string, Json>> }
  return { operator: 'sink', config, code: map ? { map } : {}, topics: [] }
}
