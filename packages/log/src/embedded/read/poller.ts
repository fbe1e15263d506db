/**
 * Notices what other processes write, while somebody here waits for it. LMDB tells nobody of a commit, so the counter at
 * the log's tail is looked at: soon after something happened, then ever more seldom, up to a bound.
 *
 * @module
 */
import type { Clock, Timer } from '@heddle/core'

/** The first look comes this soon, in ms. */
const soonest = 2

export class Poller {
  readonly #clock: Clock
  readonly #slowestMs: number
  readonly #look: () => boolean
  #interested = 0
  #timer: Timer | undefined
  #waitMs = soonest

  /** @param look Looks, and acts on what it finds; true when there was something. */
  constructor(clock: Clock, slowestMs: number, look: () => boolean) {
    this.#clock = clock
    this.#slowestMs = slowestMs
    this.#look = look
  }

  /** Looks from now on, until as many `release` as `want` were called. */
  want(): void {
    this.#interested++
    this.#waitMs = soonest
    if (this.#timer === undefined && this.#slowestMs < Infinity) this.#schedule()
  }

  release(): void {
    this.#interested--
    if (this.#interested > 0) return
    this.#timer?.clear()
    this.#timer = undefined
  }

  #schedule(): void {
    this.#timer = this.#clock.after(this.#waitMs, () => {
      this.#timer = undefined
      this.#waitMs = this.#look() ? soonest : Math.min(2 * this.#waitMs, this.#slowestMs)
      if (this.#interested > 0 && this.#timer === undefined) this.#schedule()
    })
  }
}
