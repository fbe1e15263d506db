import type { Event, LogRecord } from '@heddle/core'
import type { Deadline } from './deadlines.ts'
import type { Lane } from './lane.ts'
import type { Open } from './progress.ts'

/** An event of a subscription that is not done. */
export interface Item extends Open {
  readonly lane: Lane
  readonly offset: number
  readonly record: LogRecord
  readonly event: Event
  /** What it shares an order with; `undefined` for nothing. */
  readonly key: string | undefined
  /** 0 to 9; the higher ones are given out first. */
  readonly priority: number
  /** Its place among all that this process gives out. */
  readonly sequence: number
  readonly bytes: number
  attempts: number
  dueAt: number
  redelivered: boolean
  /**
   * `behind`: another of its key goes first. `ready`: it can be given out. `leased`, `waiting` for its next attempt, `letter`:
   * its dead letter is on its way. `done`, or nobody's business here any more.
   */
  state: 'behind' | 'ready' | 'leased' | 'waiting' | 'letter' | 'done'
  firstFailedAt: number
  /** When it is given out again, or its lease ends. */
  deadline: Deadline | undefined
}
