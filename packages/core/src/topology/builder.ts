import { type FlowStart, flow } from './flow.ts'
import { Graph } from './graph.ts'
import type { TopologyOptions } from './options.ts'

/**
 * Begins a topology: `topology(name)` as a flow, `topology.graph(name)` as spouts and bolts.
 *
 * @example
 * export default topology('shop').from(topic<Order>('orders')).filter((o) => o.data.total > 100).to(topic('large'))
 */
export const topology: {
  (name: string, options?: TopologyOptions): FlowStart
  graph(name: string, options?: TopologyOptions): Graph
} = Object.assign(flow, {
  graph: (name: string, options: TopologyOptions = {}): Graph => new Graph(name, options),
})
