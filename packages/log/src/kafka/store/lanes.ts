/** Connections for what may wait at a broker: one for each that does at the same time, used again by the next. */
export class Lanes {
  readonly #idle: string[] = []
  #made = 0

  async use<T>(work: (lane: string) => Promise<T>): Promise<T> {
    const lane = this.#idle.pop() ?? `changelog-${this.#made++}`
    try {
      return await work(lane)
    } finally {
      this.#idle.push(lane)
    }
  }
}
