import { type Clock, systemClock } from '@heddle/core'

export interface EmbeddedLogOptions {
  /** Folder of the log; it is made if it is not there. Several processes on one machine may open the same one. */
  readonly path: string
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /**
   * How many bytes of batches it keeps, in all topics; an append beyond that is HEDDLE_LOG_DISK_FULL. State, offsets and
   * the space between come on top: about a fifth. Default: without limit, so that the disk is the limit.
   */
  readonly maxBytes?: number
  /**
   * How many bytes one LMDB transaction takes from the appends that wait, at least one append. More lets more of them
   * share one fsync; less bounds how long the last one waits, and the memory for dirty pages. Default 4 MiB.
   */
  readonly maxCommitBytes?: number
  /**
   * An append joins the batch that is being gathered for its partition until that has this many bytes. Bigger batches
   * cost less each record; a reader that wants one record reads all of its batch. Default 256 KiB.
   */
  readonly maxBatchBytes?: number
  /** Memory for batches that were read, in bytes, so that several readers at one place read once. Default 8 MiB. */
  readonly cacheBytes?: number
  /**
   * How often, in milliseconds, at most to look for what another process wrote, while somebody waits for it. It begins at
   * 2 and slows down to this. Default 20: a look costs some 5 µs, so that this is 0.03% of a core. `Infinity` for never.
   */
  readonly pollMs?: number
  /** How often retention and compaction run, in milliseconds. Default 30 s; 0 for never, as `maintain()` does it too. */
  readonly maintenanceMs?: number
  /** How long a tombstone is kept on a compacted topic, so that readers who fell behind see it. Default 1 day, in ms. */
  readonly tombstoneMs?: number
}

export type Settings = Required<EmbeddedLogOptions>

export function withDefaults(options: EmbeddedLogOptions): Settings {
  return {
    clock: systemClock,
    maxBytes: Number.POSITIVE_INFINITY,
    maxCommitBytes: 4 * 2 ** 20,
    maxBatchBytes: 256 * 2 ** 10,
    cacheBytes: 8 * 2 ** 20,
    pollMs: 20,
    maintenanceMs: 30_000,
    tombstoneMs: 86_400_000,
    ...options,
  }
}
