import type { Clock, GroupMember, Log, Store, Topology, Transactor } from '@heddle/core'
import type { Announcer } from '../stages/announcer.ts'
import type { CarriedTimes } from '../stages/carried-times.ts'
import type { ComponentState } from '../state/component-state.ts'
import type { ComponentTimers } from '../state/timers.ts'
import type { EventTime } from './event-time.ts'
import type { Ingest } from './ingest.ts'
import type { Network } from './network.ts'
import type { Settings } from './options.ts'
import type { Appender } from './task-output.ts'
import type { TopologyStats } from './topology-stats.ts'

/** All that one run of a topology stands on. */
export interface Ground {
  readonly topology: Topology
  readonly log: Log
  readonly clock: Clock
  readonly settings: Settings
  readonly network: Network
  readonly ingest: Ingest
  /** `undefined` for a topology that reads no topic. */
  readonly member: GroupMember | undefined
  /** The run has joined its group, and leaves it; else it has a partition of a member that others have, too. */
  readonly joined: boolean
  readonly eventTime: EventTime
  /** Event time of the stages before, where there are some. */
  readonly carried: CarriedTimes | undefined
  /** Tells the stages behind, where there are some. */
  readonly announcer: Announcer | undefined
  readonly states: readonly ComponentState[]
  /** By component. */
  readonly timers: ReadonlyMap<string, ComponentTimers>
  /** What the topology itself keeps: see `Committer`. */
  readonly meta: Store
  readonly transactor: Transactor
  /** Takes what goes to topics. */
  readonly appender: Appender
  readonly stats: TopologyStats
  readonly report: (component: string | undefined, error: unknown) => void
  /** Sinks have more to deliver than they may. */
  readonly congested: () => boolean
  /** So many records were appended to a topic. */
  readonly appended: (topic: string, records: number) => void
}

/** What drives tuples through the network, by one of the two guarantees. */
export interface Processing {
  /** Input events that are not done. */
  readonly pending: number
  /** Resolves when the first partitions are there to be read. */
  readonly ready: Promise<void>
  /**
   * Works until `stop`, and then until all is done and committed.
   * @throws When it cannot go on. What is not committed has to be done again, in a new run.
   */
  run(): Promise<void>
  stop(): void
  /** Commits what is done, where that can be told from what is not: a stop has taken too long. */
  salvage(): Promise<void>
  /** Ends `run` at once, by a throw. */
  abort(error: unknown): void
  pause(): void
  resume(): void
  /** Something has changed that reading waited for. */
  wake(): void
  assigned(partitions: readonly { readonly topic: string; readonly partition: number }[]): void
  revoked(partitions: readonly { readonly topic: string; readonly partition: number }[]): Promise<void>
}
