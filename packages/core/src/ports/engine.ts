/**
 * The Engine port: runs topologies. The local engine and Storm implement it and pass `engineContract`.
 *
 * @module
 */
import type { PlanDiff } from '../plan/diff.ts'
import type { Guarantee, Plan } from '../plan/plan.ts'
import type { Topology } from '../topology/topology.ts'
import type { RestoreProgress } from './store.ts'

export interface EngineFeatures {
  readonly guarantees: readonly Guarantee[]
  /** `rebalance` changes parallelism while the topology runs. */
  readonly rebalance: boolean
  /** Tick tuples and timers. */
  readonly ticks: boolean
  /** `deploy` puts another version in the place of one that runs; `submit` checks it against what ran last; `history`. */
  readonly upgrades: boolean
}

export type TopologyState = 'starting' | 'active' | 'inactive' | 'draining' | 'failed'

/** A copy of a store that another process writes. */
export interface StandbyCopy {
  readonly store: string
  /** How many changes it did not have yet, about, when it was last looked at; left out until it has been made. */
  readonly behind?: number
}

export interface TopologyStatus {
  readonly name: string
  readonly state: TopologyState
  readonly guarantee: Guarantee
  /** Milliseconds since 1970, UTC. */
  readonly startedAt: number
  readonly tasks: number
  /** Where it does not run in the thread of the engine. */
  readonly threads?: readonly ThreadStatus[]
  /** State that is being read into this process before it can go on, store by store. */
  readonly restoring?: readonly RestoreProgress[]
  /** Stores whose copies are kept here for the case that the process that has them goes. */
  readonly standby?: readonly StandbyCopy[]
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

/** A partition of what a topology has to do. */
export interface TopologyShare {
  /** What it reads: an input topic, or the way from one part of the topology to another. */
  readonly topic: string
  readonly partition: number
  /** Component that the part begins with which reads it; left out for input topics. */
  readonly stage?: string
  /** Name of the process (or thread) that has it; left out while nobody has. */
  readonly instance?: string
  /** Records that are not done, as far as was committed. */
  readonly lag: number
}

export interface TopologyDescription extends TopologyStatus {
  /** Who has which part of the work, in all processes; left out by engines that do not know. */
  readonly shares?: readonly TopologyShare[]
  readonly plan: Plan
  readonly metrics: TopologyMetrics
}

export interface RebalanceOptions {
  /** How many threads run the topology, each with its share of the partitions. */
  readonly threads?: number
}

export interface StateQuery {
  readonly component: string
  /** Only keys that begin with this. Default: all. */
  readonly prefix?: string
  /** Only keys behind this one: where the page before ended. */
  readonly after?: string
  /** Most entries of a page. Default 100. */
  readonly limit?: number
}

export interface StatePage {
  readonly entries: readonly { readonly key: string; readonly value: unknown }[]
  /** `after` of the next page; missing when this is the last one. */
  readonly next?: string
}

/** A thread that runs a topology. */
export interface ThreadStatus {
  readonly thread: number
  readonly state: 'starting' | 'running' | 'restarting'
  /** How often it had to be started again. */
  readonly restarts: number
  /** Its heap, in bytes, as it last said. */
  readonly heapBytes: number
}

export interface KillOptions {
  /** Read no more, finish what is under way and commit, for at most this long (ms). Default 30 s; 0 abandons. */
  readonly waitMs?: number
  /**
   * Deletes what the log keeps of it: state, offsets, and what is on its way to its sinks. What it has put out stays. Refused with
   * HEDDLE_LOG_GROUP_ACTIVE while another process runs it, and with HEDDLE_ENGINE_UNSUPPORTED by engines that do not know what there is;
   * it is stopped here all the same. Default false.
   */
  readonly purge?: boolean
}

/** What a new version of a topology may do to the one before. */
export interface UpgradeOptions {
  /** Components that have another id now: old id → new id. Their state goes with them. Names that are not there are refused. */
  readonly renamed?: Readonly<Record<string, string>>
  /** Components whose state, or undelivered outbox, may be dropped where the change needs that. */
  readonly dropState?: readonly string[]
  /** Who does it, for the history. Default `engine`. */
  readonly by?: string
}

export interface DeployOptions extends UpgradeOptions {
  /** Only tells what would change. Default false. */
  readonly dryRun?: boolean
  /** How long the old version may take to finish what is under way (ms). Default 30 s. */
  readonly waitMs?: number
}

export interface Deployed {
  /** `undefined` when this topology never ran on this log. */
  readonly diff: PlanDiff | undefined
  /** What runs now; `undefined` after a dry run of one that does not run. */
  readonly status: TopologyStatus | undefined
}

/** A version of a topology that ran. */
export interface TopologyVersion {
  /** From 1 on. */
  readonly number: number
  /** Milliseconds since 1970, UTC. */
  readonly at: number
  readonly by: string
  /** What was different from the version before, in words; without values, which may be secrets. */
  readonly changes: readonly string[]
}

export interface Engine {
  readonly features: EngineFeatures
  /**
   * Starts a topology; resolves when its tasks are running. Its plan is compared with the one that ran last on this log.
   * @throws HEDDLE_ENGINE_TOPOLOGY_EXISTS, HEDDLE_ENGINE_UNSUPPORTED, HEDDLE_UPGRADE_INCOMPATIBLE
   */
  submit(topology: Topology, options?: UpgradeOptions): Promise<TopologyStatus>
  /**
   * Puts a version of a topology in the place of the one that runs, or starts it where none runs: the old one reads no
   * more, finishes what is under way and commits; the new one goes on from there, with the same offsets and state. When the
   * new one does not start, the old one runs on.
   *
   * @throws HEDDLE_UPGRADE_INCOMPATIBLE with every reason, HEDDLE_UPGRADE_FAILED, HEDDLE_ENGINE_UNSUPPORTED; the old one
   * runs on.
   */
  deploy(topology: Topology, options?: DeployOptions): Promise<Deployed>
  /** The last versions of a topology, the newest first; also of one that does not run. Empty when there was none. */
  history(name: string): Promise<readonly TopologyVersion[]>
  list(): Promise<readonly TopologyStatus[]>
  /** @throws HEDDLE_ENGINE_UNKNOWN_TOPOLOGY, as all that follow. */
  describe(name: string): Promise<TopologyDescription>
  /** Spouts emit again. */
  activate(name: string): Promise<void>
  /** Spouts stop emitting; what is under way goes on. */
  deactivate(name: string): Promise<void>
  /**
   * Changes the number of tasks of components, or of the threads that run it, without losing or repeating anything.
   * @throws HEDDLE_ENGINE_UNSUPPORTED for threads, where the engine has none, or where the topology has state.
   */
  rebalance(
    name: string,
    parallelism: Readonly<Record<string, number>>,
    options?: RebalanceOptions,
  ): Promise<void>
  /** State of a component as it was committed, by key. @throws HEDDLE_TOPOLOGY_INVALID when there is no such component. */
  state(name: string, query: StateQuery): Promise<StatePage>
  kill(name: string, options?: KillOptions): Promise<void>
  metrics(name: string): Promise<TopologyMetrics>
  /** Drains and stops all topologies. */
  close(): Promise<void>
}
