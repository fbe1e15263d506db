/**
 * The Store port: keyed state of a task, changed only through a `Transaction` of the log that made it.
 *
 * @module
 */
import type { Bytes } from './log.ts'

/** Range of keys, in the order of their UTF-8 bytes: from `gte` on, up to but without `lt`. */
export interface KeyRange {
  readonly gte?: string
  readonly lt?: string
  readonly limit?: number
}

export interface Store {
  readonly name: string
  /** The committed value, or `undefined`. Synchronous, since it is read once an event. */
  get(key: string): Bytes | undefined
  /** Committed entries, in order. Do not change the store while iterating. */
  entries(range?: KeyRange): Iterable<readonly [key: string, value: Bytes]>
  /** How many keys there are. */
  size(): number
}
