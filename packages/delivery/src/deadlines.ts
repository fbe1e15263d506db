import type { Clock, Timer } from '@heddle/core'

/** A deadline that was set. */
export interface Deadline {
  /** Milliseconds since 1970. */
  readonly at: number
  /** It has passed, or nobody is interested any more. */
  dropped: boolean
}

interface Entry extends Deadline {
  readonly run: () => void
}

/**
 * Many deadlines over one timer of the clock: a binary heap. Dropped ones stay in it until their time, so that dropping costs
 * nothing; when most are dropped they are swept out.
 */
export class Deadlines {
  readonly #clock: Clock
  #heap: Entry[] = []
  #dropped = 0
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many wait. */
  get size(): number {
    return this.#heap.length - this.#dropped
  }

  /** Calls `run` once it is `at`. */
  set(at: number, run: () => void): Deadline {
    const entry: Entry = { at, run, dropped: false }
    this.#heap.push(entry)
    this.#up(this.#heap.length - 1)
    this.#arm()
    return entry
  }

  drop(deadline: Deadline | undefined): void {
    if (!deadline || deadline.dropped) return
    deadline.dropped = true
    this.#dropped++
    if (this.#dropped < 64 || this.#dropped < this.#heap.length / 2) return
    this.#heap = this.#heap.filter((entry) => !entry.dropped).sort((a, b) => a.at - b.at)
    this.#dropped = 0
  }

  clear(): void {
    this.#heap = []
    this.#dropped = 0
    this.#timer?.clear()
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
  }

  /** Longest time that a timer may be set for: what `setTimeout` takes. */
  static readonly #longest = 2 ** 31 - 1

  #arm(): void {
    const next = this.#heap[0]
    if (!next || next.at >= this.#timerAt) return
    this.#timer?.clear()
    this.#timerAt = next.at
    const wait = Math.min(Deadlines.#longest, Math.max(0, next.at - this.#clock.now()))
    this.#timer = this.#clock.after(wait, () => {
      this.#timerAt = Number.POSITIVE_INFINITY
      this.#timer = undefined
      this.#fire()
      this.#arm()
    })
  }

  #fire(): void {
    const now = this.#clock.now()
    for (let first = this.#heap[0]; first && (first.dropped || first.at <= now); first = this.#heap[0]) {
      this.#pop()
      if (first.dropped) {
        this.#dropped--
        continue
      }
      first.dropped = true
      first.run()
    }
  }

  #pop(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#down()
  }

  #up(from: number): void {
    const entry = this.#heap[from]!
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      if (this.#heap[above]!.at <= entry.at) break
      this.#heap[at] = this.#heap[above]!
      at = above
    }
    this.#heap[at] = entry
  }

  #down(): void {
    const entry = this.#heap[0]!
    const { length } = this.#heap
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= length) break
      if (below + 1 < length && this.#heap[below + 1]!.at < this.#heap[below]!.at) below++
      if (this.#heap[below]!.at >= entry.at) break
      this.#heap[at] = this.#heap[below]!
      at = below
    }
    this.#heap[at] = entry
  }
}
