/**
 * The flow: topologies as typed chains. Every step gives a new value; nothing runs before an engine gets the topology.
 *
 * @module
 */
import type { Event } from '../event/event.ts'
import { End, type Origin } from './end.ts'
import { KeyedStream } from './keyed-stream.ts'
import type { TopologyOptions } from './options.ts'
import type { StepOptions } from './step-options.ts'
import { local, step } from './step.ts'
import { Stream } from './stream.ts'
import type { TopicRef } from './topic.ts'

/** Where a flow begins. */
export interface FlowStart {
  /** A stream of the topic's events. */
  from<T>(source: TopicRef<T>, options?: Pick<StepOptions<never>, 'name' | 'parallelism'>): Stream<Event<T>>
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
  const origin: Origin = {
    topology: name,
    options,
    keyed: (...parts) => new KeyedStream(...parts),
  }
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
