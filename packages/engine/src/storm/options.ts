import type { Clock, Log, Topology } from '@heddle/core'
import type { BundleSource } from './bundle/bundle.ts'

export interface StormEngineOptions {
  /** `storm://nimbus:6627,nimbus2:6627`: some Nimbus of the cluster. */
  readonly url: string
  /**
   * The log that topologies read and write: one that other machines reach, too. The engine makes missing topics, and sees by the
   * consumer groups when a topology has nothing under way. It does not close it. Left out, only those
   * topologies can be run, and seen closely, that Storm runs all by itself.
   */
  readonly log?: Log
  /** What components open that log with, JSON. It is in the configuration of the topology, which all see who can see the cluster. */
  readonly componentLog: unknown
  /** How the bundle of a topology is made. `undefined` for a topology that is of no file: functions do not travel. */
  readonly bundleOf: (topology: Topology) => BundleSource | undefined
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /**
   * The command that Node is started with on the machines of the supervisors; `bundled` takes the Node that runs here along, some
   * 50 MB, for machines of the same system and processor. Default `node`, on the PATH of the supervisor.
   */
  readonly node?: string
  /** Workers (JVMs) of a topology. Default 1. */
  readonly workers?: number
  /** Paths of jars that topologies get on the class path of their workers, beside those that components in Java name. Default none. */
  readonly jars?: readonly string[]
  /** Configuration of Storm for the topologies that are submitted, such as `topology.worker.childopts`. Default none. */
  readonly conf?: Readonly<Record<string, unknown>>
  /** How long a topology may take to start, in milliseconds. Default 120 s: workers are JVMs, and fetch the bundle first. */
  readonly startTimeoutMs?: number
  /** How often the cluster is asked while something is waited for, in milliseconds. Default 250. */
  readonly pollMs?: number
  /** How long a call of Nimbus may take, in milliseconds. Default 30 s: it is slow while another one takes over. */
  readonly callTimeoutMs?: number
  /**
   * How long a Nimbus that was there and is not any more is waited for, by calls that may be repeated, in milliseconds. Default 90 s:
   * one that is started again leads after the session of the former has ended, 20 s, and its boot.
   */
  readonly patienceMs?: number
  /** How long `kill` lets a topology finish what is under way, in milliseconds. Default 30 s, as in Storm. */
  readonly drainMs?: number
  /** Most tuples of a batch. Default 500: more make no difference to the rate, and each waits for the others. */
  readonly maxBatch?: number
  /** A batch is sent when its tuples have this many bytes, before they are compressed. Default 256 KiB. */
  readonly maxBatchBytes?: number
  /**
   * A spout that has this many batches under way to a task waits a little to fill the next one. Default 8: enough that each process on
   * the way has one to do, and so few that batches grow as soon as there is load.
   */
  readonly maxUnderWay?: number
  /** How long it waits at most, in milliseconds. Default 10. */
  readonly lingerMs?: number
  /** Code that does nothing else for this long, in milliseconds, is taken for stuck: its process is ended. Default 5 min. */
  readonly hangTimeoutMs?: number
  /** Least time between two errors of a task that Storm is told of, in milliseconds. Default 1 s: each is written to ZooKeeper. */
  readonly errorIntervalMs?: number
}
