import type { TimeSource } from './event-time.ts'

/** A source whose time others tell: it holds event time back until they do, however long it says nothing. */
export class ToldSource implements TimeSource {
  readonly lastActiveAt = Number.POSITIVE_INFINITY
  readonly exhausted = false
  time: number

  constructor(time: number) {
    this.time = time
  }
}
