import type { Clock } from '@heddle/core'

/**
 * Lets the first message of a kind through at once, and after that one a second with the number of those that were left
 * out: a topology whose every event fails must not fill a disk with log lines.
 *
 * @param everyMs Default one second: seldom enough to be read, often enough to be seen.
 */
export class Throttle {
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #kinds = new Map<string, { until: number; more: number }>()

  constructor(clock: Clock, everyMs = 1000) {
    this.#clock = clock
    this.#everyMs = everyMs
  }

  /** Calls `tell` with the number of messages of this kind that were left out before it, or counts this one. */
  pass(kind: string, tell: (leftOut: number) => void): void {
    const now = this.#clock.now()
    const seen = this.#kinds.get(kind)
    if (seen && now < seen.until) {
      seen.more++
      return
    }
    this.#kinds.set(kind, { until: now + this.#everyMs, more: 0 })
    tell(seen?.more ?? 0)
  }
}
