/**
 * The DeadLetters port: what subscriptions and topologies gave up, to be looked at, sent again or dropped. `@heddle/delivery`
 * implements it on any log.
 *
 * @module
 */
import type { Event } from '../event/event.ts'

/** What became of a dead letter since. */
export interface DeadLetterMark {
  readonly state: 'redriven' | 'dropped'
  /** Milliseconds since 1970, UTC. */
  readonly at: number
  /** Who did it. */
  readonly by: string
  /** Topic that it was sent to. */
  readonly to?: string
}

export interface DeadLetter {
  /** `partition:offset` in its topic. */
  readonly id: string
  /** Milliseconds since 1970 when it was written. */
  readonly at: number
  /** As it came, with what happened in extensions that begin with `dl` (see `event/dead-letter.ts`). */
  readonly event: Event
  /** Absent while it is open. */
  readonly mark?: DeadLetterMark
}

/** Which dead letters are meant: all that are open, unless something else is said. */
export interface DeadLetterQuery {
  /** Only these. */
  readonly ids?: readonly string[]
  /** CEL over `event`, as `event.extensions.dlcode == "…"`. One that it fails on is not meant. */
  readonly filter?: string
  /** Where the page before ended. */
  readonly after?: string
  /** Most of one page. Default 100. */
  readonly limit?: number
}

export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[]
  /** `after` of the next page; missing when all were looked at. A page may be empty, and not the last. */
  readonly next?: string
}

export interface RedriveOptions extends DeadLetterQuery {
  /** Who does it, for the record. */
  readonly by: string
  /** Default: each to the topic that it was read from, for the subscription or topology that gave it up. */
  readonly to?: string
  /** Only tells what would be sent. Default false. */
  readonly dryRun?: boolean
  /** Asked for each topic that something goes to; a throw ends it before anything is sent. */
  readonly allow?: (topic: string) => Promise<void>
}

/** What one page of a redrive did, or would do. */
export interface Redriven {
  /** How many were sent to which topic. */
  readonly sent: Readonly<Record<string, number>>
  /** What cannot be sent, and why; it stays open. */
  readonly skipped: readonly { readonly id: string; readonly reason: string }[]
  readonly next?: string
}

/** All methods throw HEDDLE_LOG_UNKNOWN_TOPIC, and HEDDLE_EXPRESSION_INVALID for a filter. */
export interface DeadLetters {
  /** @param all Also those that were sent again or dropped, with their marks. Default false. */
  list(topic: string, query: DeadLetterQuery & { readonly all?: boolean }): Promise<DeadLetterPage>
  /**
   * Sends one page again. Each is sent and marked in one transaction, so that none is ever sent twice: who does not know how far it
   * came does the same again.
   */
  redrive(topic: string, options: RedriveOptions): Promise<Redriven>
  /** Marks one page as dropped. @returns How many. */
  drop(
    topic: string,
    options: DeadLetterQuery & { readonly by: string },
  ): Promise<{ readonly dropped: number; readonly next?: string }>
}
