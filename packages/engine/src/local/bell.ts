/** Wakes who waits for something to change; they look for themselves what it was. */
export class Bell {
  #waiting: (() => void)[] = []

  /** Resolves at the next `ring`. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  ring(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
