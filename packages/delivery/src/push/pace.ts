/** How many requests of all that may be under way are, to begin with. */
const startLimit = 4

/**
 * How many requests may be under way: one more for each round that goes well, half as many when the endpoint is slow or busy
 * (additive increase, multiplicative decrease).
 */
export class Pace {
  readonly #max: number
  #limit: number
  /** Requests that began before the last halving say nothing new. */
  #round = 0

  constructor(max: number) {
    this.#max = max
    this.#limit = Math.min(startLimit, max)
  }

  get limit(): number {
    return Math.floor(this.#limit)
  }

  /** Taken when a request begins, and given back with what became of it. */
  get round(): number {
    return this.#round
  }

  well(): void {
    this.#limit = Math.min(this.#max, this.#limit + 1 / this.#limit)
  }

  badly(round: number): void {
    if (round !== this.#round) return
    this.#round++
    this.#limit = Math.max(1, this.#limit / 2)
  }
}
