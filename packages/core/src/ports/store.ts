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

/**
 * How far the copy of a store, on the machine that needs it, has come. `done` and `total` count places of its changelog, of which those
 * that were overwritten since are none; `records` those that were there.
 */
export interface RestoreProgress {
  readonly store: string
  /** It ends with one message that says `done` or `failed`. */
  readonly state: 'running' | 'done' | 'failed'
  readonly done: number
  readonly total: number
  readonly records: number
  /** As they came from the log. */
  readonly bytes: number
  /** Since it began, in milliseconds. */
  readonly elapsedMs: number
  /** Why it failed. */
  readonly error?: string
}

export interface StoreOptions {
  /** Called when a copy has to be made, or brought up to date: at the beginning, several times a second, and at the end. */
  readonly progress?: (progress: RestoreProgress) => void
}

/** Keeps the copy of a store up to date on this machine, while another process writes it. */
export interface Follower {
  readonly store: string
  /** How many changes the copy does not have yet, about; `undefined` until it has been made. */
  behind(): Promise<number | undefined>
  /** Stops. The copy stays, and `store` reads on from it. */
  close(): Promise<void>
}
