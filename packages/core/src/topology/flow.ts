/**
 * The flow: topologies as typed chains. Every step gives a new value; nothing runs before an engine gets the topology.
 *
 * @module
 */
import type { Event } from '../event/event.ts'
import { End, type Origin } from './end.ts'
import { KeyedStream } from './keyed-stream.ts'
import type { TopologyOptions } from './options.ts'
import type { Key, StepOptions } from './step-options.ts'
import { type Step, local, step } from './step.ts'
import { Stream } from './stream.ts'
import type { Change, Table } from './table.ts'
import type { TopicRef } from './topic.ts'

/** Where a flow begins. */
export interface FlowStart {
  /** A stream of the topic's events. */
  from<T>(source: TopicRef<T>, options?: Pick<StepOptions<never>, 'name' | 'parallelism'>): Stream<Event<T>>
  /**
   * A table of a topic's last event data by key. Its topic is read to the end that it had at the start before anything else is,
   * so that a join finds the rows that were there. Data of `null` deletes a row. Make the topic compacted.
   *
   * @param options `key` chooses the key; default the events' `partitionkey`.
   */
  table<T, K extends Key = string>(
    source: TopicRef<T>,
    options?: Pick<StepOptions<never>, 'name'> & { readonly key?: (event: Event<T>) => K },
  ): Table<K, T>
  /** One topology of several flows. */
  all(...flows: readonly End[]): End
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
  const origin = originOf(name, options)
  const source = (
    { name: topicName, spec }: TopicRef,
    { name = `from-${topicName}`, parallelism = 1 }: Pick<StepOptions<never>, 'name' | 'parallelism'>,
    config: Step['config'] = {},
  ): Step =>
    step({
      name,
      kind: 'spout',
      operator: 'topic',
      config: { topic: topicName, as: 'event', ...config },
      parallelism,
      streams: { default: ['value'] },
      topics: [spec],
    })
  return {
    from: (from, options = {}) => new Stream(origin, [local(source(from, options))], [], ''),
    table<T, K extends Key>(
      from: TopicRef<T>,
      { key, ...options }: { readonly name?: string; readonly key?: (event: Event<T>) => K } = {},
    ): Table<K, T> {
      const events = new Stream<Event<T>>(origin, [local(source(from, options, { first: true }))], [], '')
      const rows = events.keyBy(key ?? (partitionKey as unknown as (event: Event<T>) => K), {
        name: `key-of-${from.name}`,
      })
      return rows
        .keyedStep<Change<T>>('mapTable', { name: `rows-of-${from.name}` }, { code: { map: dataOf } })
        .toTable() as Table<K, T>
    },
    all: (...flows) => new End(origin, [...new Set(flows.flatMap((each) => each.ends))]),
  }
}

/** What the streams of a flow are made with. */
export const originOf = (topology: string, options: TopologyOptions): Origin => ({
  topology,
  options,
  stream: (...parts) => new Stream(...parts),
  keyed: (...parts) => new KeyedStream(...parts),
})

const dataOf = ({ data }: Event): unknown => data

/** @throws TypeError for an event that has no partition key, which so is a dead letter. */
function partitionKey({ partitionkey, id, source }: Event): string {
  if (partitionkey === undefined)
    throw new TypeError(
      `event '${id}' of '${source}' has no partitionkey, and so is no row: give table() a key`,
    )
  return partitionkey
}
