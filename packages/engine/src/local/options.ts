import { type Clock, type Connector, type Log, type RetryPolicy, systemClock } from '@heddle/core'

export interface LocalEngineOptions {
  /** Where topics, state and offsets are. The engine does not close it. */
  readonly log: Log
  /** Outside systems that topologies may put out to. Default: none. */
  readonly connectors?: readonly Connector[]
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /**
   * Name of this engine among those that share its topologies. One that comes again under its name takes the place of the former
   * at once. Default a random one.
   */
  readonly instance?: string
  /** Makes waits of retries different from each other; numbers from 0 up to 1. Default `Math.random`. */
  readonly random?: () => number
  /** How long `close` lets each topology finish what is under way, in milliseconds. Default 30 s, as in Storm. */
  readonly drainMs?: number
  /** How much one read takes from the log, in bytes. Default 1 MiB: enough to make the cost of a read not matter. */
  readonly readBytes?: number
  /**
   * How long a read waits when there is nothing, in milliseconds. A read is woken when something comes, so that this only
   * says how often an idle topology looks around. Default 500.
   */
  readonly readWaitMs?: number
  /**
   * How long bolts may run before other work of the process gets its turn, in milliseconds. Default 10: too short to be
   * felt by an HTTP request, and long enough to make turning cheap.
   */
  readonly sliceMs?: number
  /** Spouts stop while more tuples than this wait in the queues of a topology's tasks. Default 50 000: some 10 MB. */
  readonly maxQueuedTuples?: number
  /** How many values of each component's state are kept decoded. Default 10 000: some MB, and most keys of a hot set. */
  readonly stateCacheEntries?: number
  /**
   * How far event time may run ahead of the clock, in milliseconds: one event from a wrong clock would make all others
   * late. Default 60 s: more than clocks differ.
   */
  readonly maxFutureMs?: number
  /** Spouts stop while more events than this wait to be delivered to a sink. Default 10 000. */
  readonly maxOutbox?: number
  /**
   * How many shares the keys of a topology with state are cut into, for processes to share: its elements go through repartition
   * topics then. `auto`: as many as the input topic with the most partitions has. It cannot be changed where there is state.
   * Default 1: a topology with state runs in one process at a time, and others stand by.
   */
  readonly keyPartitions?: number | 'auto'
  /**
   * How often records of repartition topics that are done with are deleted, in milliseconds. Default 30 s: what is left of half a
   * minute is no burden.
   */
  readonly purgeMs?: number
  /**
   * How many other processes keep a copy of each store, on logs whose stores have copies, to take it over with little to read. Default 0:
   * a copy costs the disk that the store takes, and reading what is written to it. `num.standby.replicas` of Kafka Streams.
   */
  readonly standby?: number
  /** How often to look which stores this process is to keep copies of, in milliseconds. Default 10 s: it is to be right before the next failure. */
  readonly standbyLookMs?: number
  /** How long a spout that emitted nothing is left alone, in milliseconds. Default 10. */
  readonly spoutIdleMs?: number
  /** How a topology that failed (the log could not be written) is started again. Default: from 100 ms to 10 s, for ever. */
  readonly restart?: RetryPolicy
}

export type Settings = Required<LocalEngineOptions>

export function withDefaults(options: LocalEngineOptions): Settings {
  return {
    connectors: [],
    clock: systemClock,
    random: Math.random,
    instance: crypto.randomUUID(),
    drainMs: 30_000,
    readBytes: 2 ** 20,
    readWaitMs: 500,
    sliceMs: 10,
    maxQueuedTuples: 50_000,
    stateCacheEntries: 10_000,
    maxFutureMs: 60_000,
    maxOutbox: 10_000,
    keyPartitions: 1,
    purgeMs: 30_000,
    standby: 0,
    standbyLookMs: 10_000,
    spoutIdleMs: 10,
    restart: { attempts: Number.POSITIVE_INFINITY, initialMs: 100, factor: 2, maxMs: 10_000, jitter: 0.2 },
    ...options,
  }
}
