/**
 * The Engine port: runs topologies. The local engine and Storm implement it and pass `engineContract`.
 *
 * @module
 */
import type { Guarantee, Plan } from '../plan/plan.ts'
import type { Topology } from '../topology/topology.ts'

export interface EngineFeatures {
  readonly guarantees: readonly Guarantee[]
  /** `rebalance` changes parallelism while the topology runs. */
  readonly rebalance: boolean
  /** Tick tuples and timers. */
  readonly ticks: boolean
}

export type TopologyState = 'starting' | 'active' | 'inactive' | 'draining' | 'failed'

export interface TopologyStatus {
  readonly name: string
  readonly state: TopologyState
  readonly guarantee: Guarantee
  /** Milliseconds since 1970, UTC. */
  readonly startedAt: number
  readonly tasks: number
  /** The last error that a component reported. */
  readonly lastError?: { readonly component: string; readonly message: string; readonly at: number }
}

/** Counts since the start, and latencies in milliseconds; the names are those of Storm's UI. */
export interface ComponentMetrics {
  readonly component: string
  readonly kind: 'spout' | 'bolt'
  readonly tasks: number
  readonly emitted: number
  readonly executed: number
  readonly acked: number
  readonly failed: number
  /** Mean time in `execute`. */
  readonly executeLatencyMs: number
  /** Bolts: executed × executeLatency / time; near 1 means that it cannot keep up. */
  readonly capacity: number
  readonly retried: number
  readonly deadLettered: number
  /** Elements that ended there on purpose: no branch wanted them, or they had come before. */
  readonly dropped?: number
  /** Elements that came when their window was over. */
  readonly late?: number
}

export interface TopologyMetrics {
  readonly name: string
  readonly components: readonly ComponentMetrics[]
  /** Mean time from a spout tuple's emission until its tree was done. */
  readonly completeLatencyMs: number
  /** Spout tuples that are not done. */
  readonly pending: number
  /** Records of the input topics that are not read yet. */
  readonly lag: number
  /** Commits, or epochs, since the start. */
  readonly commits: number
}

export interface TopologyDescription extends TopologyStatus {
  readonly plan: Plan
  readonly metrics: TopologyMetrics
}

export interface KillOptions {
  /** Read no more, finish what is under way and commit, for at most this long (ms). Default 30 s; 0 abandons. */
  readonly waitMs?: number
}

export interface Engine {
  readonly features: EngineFeatures
  /**
   * Starts a topology; resolves when its tasks are running.
   * @throws HEDDLE_ENGINE_TOPOLOGY_EXISTS, HEDDLE_ENGINE_UNSUPPORTED
   */
  submit(topology: Topology): Promise<TopologyStatus>
  list(): Promise<readonly TopologyStatus[]>
  /** @throws HEDDLE_ENGINE_UNKNOWN_TOPOLOGY, as all that follow. */
  describe(name: string): Promise<TopologyDescription>
  /** Spouts emit again. */
  activate(name: string): Promise<void>
  /** Spouts stop emitting; what is under way goes on. */
  deactivate(name: string): Promise<void>
  /** Changes the number of tasks of components, without losing or repeating anything. */
  rebalance(name: string, parallelism: Readonly<Record<string, number>>): Promise<void>
  kill(name: string, options?: KillOptions): Promise<void>
  metrics(name: string): Promise<TopologyMetrics>
  /** Drains and stops all topologies. */
  close(): Promise<void>
}
