/**
 * The Clock port: time as a dependency, so that tests move it instead of sleeping.
 *
 * @module
 */
import type { SignalLike } from './signal.ts'

/** A timer that was set. Clearing one that has fired, or clearing twice, does nothing. */
export interface Timer {
  clear(): void
}

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** Calls `run` once, `ms` milliseconds from now, never before the caller returns. */
  after(ms: number, run: () => void): Timer
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return { clear: () => clearTimeout(timer) }
  },
}

/** Resolves after `ms` milliseconds of `clock`, or at once when `signal` is aborted. */
export function sleep(clock: Clock, ms: number, signal?: SignalLike): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const done = (): void => {
      timer.clear()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.after(ms, done)
    signal?.addEventListener('abort', done)
  })
}

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now: number
  #timers: { at: number; run: () => void }[] = []

  /** @param now Where it starts, in milliseconds since 1970. */
  constructor(now = 0) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): Timer {
    const timer = { at: this.#now + Math.max(0, ms), run }
    this.#timers.push(timer)
    return {
      clear: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  /** When the next timer is due, in milliseconds; `undefined` when none waits. */
  get next(): number | undefined {
    const due = Math.min(...this.#timers.map(({ at }) => at))
    return Number.isFinite(due) ? due : undefined
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.length
  }

  /**
   * Moves the clock, firing due timers in order; after each, `settle` lets promises run before the next.
   * @param settle Default: a few turns of the microtask queue. Pass one that awaits I/O where there is any.
   */
  async advance(ms: number, settle: () => Promise<void> = microtasks): Promise<void> {
    const until = this.#now + ms
    await settle()
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.#now = Math.max(this.#now, due.at)
      due.run()
      await settle()
    }
    this.#now = until
  }
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
