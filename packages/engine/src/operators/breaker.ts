import { type Clock, HeddleError } from '@heddle/core'

export interface BreakerConfig {
  readonly failures: number
  readonly pauseMs: number
}

/** Lets no calls through for a while, when too many have failed one after the other. */
export class CircuitBreaker {
  readonly #component: string
  readonly #config: BreakerConfig
  readonly #clock: Clock
  /** Failed calls since the last one that did not. */
  #failed = 0
  /** Until then it is open, in milliseconds. */
  #openUntil = -Infinity

  constructor(component: string, config: BreakerConfig, clock: Clock) {
    this.#component = component
    this.#config = config
    this.#clock = clock
  }

  /** @throws HEDDLE_BREAKER_OPEN when no call may be made. */
  check(): void {
    const { failures, pauseMs } = this.#config
    if (this.#failed < failures) return
    const now = this.#clock.now()
    if (now < this.#openUntil)
      throw new HeddleError(
        'HEDDLE_BREAKER_OPEN',
        `'${this.#component}' makes no calls for ${this.#openUntil - now} ms, since ${this.#failed} failed`,
      )
    // Half open: this call decides, and the others wait for what it tells.
    this.#openUntil = now + pauseMs
  }

  succeeded(): void {
    this.#failed = 0
  }

  failed(): void {
    if (++this.#failed >= this.#config.failures) this.#openUntil = this.#clock.now() + this.#config.pauseMs
  }
}
