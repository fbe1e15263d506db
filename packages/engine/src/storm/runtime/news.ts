/**
 * What spouts tell transactional components, past the tuples: how far event time has come in each part of what they read, and
 * what of it is done for good. It only speaks of what is acked, so that it needs no order among the tuples. It may be lost: it is
 * said again.
 *
 * ```
 * tuple = [ JSON of News ], on the stream '~times', which all tasks get
 * ```
 *
 * @module
 */
import type { Progress } from '../../local/unfinished.ts'

export interface SourceNews {
  /** Event time in milliseconds; `null` when none is known. */
  readonly time: number | null
  /** What does not come again; `null` for a source that cannot tell. */
  readonly done: Progress | null
}

/** By the name of the source. */
export type News = Readonly<Record<string, SourceNews>>

export const timesStream = '~times'
export const timesFields = ['news'] as const

/** How often it is said again where nothing has changed, in milliseconds: so long may what was lost be missing. */
export const againMs = 1000
