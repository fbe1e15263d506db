import type { Clock, Engine, Log, RetryPolicy, Topology } from '@heddle/core'

export interface ThreadEngineOptions {
  /** Where topics, state and offsets are. It stays with this thread; others ask for what they need. The engine does not close it. */
  readonly log: Log
  /** Module that each thread runs; it calls `serveTopology`. */
  readonly entry: URL
  /**
   * What the entry needs to find the topology again, since functions do not travel: the path of its file, for example. Must be
   * possible to copy to another thread. `undefined` for one that is only here, which runs in `here`.
   */
  readonly locate: (topology: Topology) => unknown
  /** Engine of this thread, for topologies that cannot be found again. */
  readonly here: Engine
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /**
   * Most memory of each thread, heap and buffers, in megabytes; one that takes more is ended, and started again. Default 512: a
   * topology with full queues takes some 50.
   */
  readonly maxHeapMb?: number
  /**
   * A thread that does nothing else for this long is stuck, and is ended, in milliseconds. Default 30 s, as the message timeout:
   * what one call takes longer than that is given up anyway.
   */
  readonly hangTimeoutMs?: number
  /** How much longer than it was asked to a stop may take before the thread is ended, in milliseconds. Default 2 s. */
  readonly graceMs?: number
  /** What the engines in threads have; with 1, a topology with state runs in one thread. Default 1. */
  readonly keyPartitions?: number | 'auto'
  /** How long `kill` and `close` let a topology finish what is under way, in milliseconds. Default 30 s, as in Storm. */
  readonly drainMs?: number
  /** How a thread that has ended is started again. Default: from 100 ms to 30 s, for ever. */
  readonly restart?: RetryPolicy
}

export type ThreadSettings = Required<Omit<ThreadEngineOptions, 'clock' | 'log' | 'here' | 'locate'>>

export function withDefaults({
  clock: _clock,
  log: _log,
  here: _here,
  locate: _locate,
  ...options
}: ThreadEngineOptions): ThreadSettings {
  return {
    maxHeapMb: 512,
    hangTimeoutMs: 30_000,
    graceMs: 2000,
    keyPartitions: 1,
    drainMs: 30_000,
    restart: { attempts: Number.POSITIVE_INFINITY, initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0.2 },
    ...options,
  }
}
