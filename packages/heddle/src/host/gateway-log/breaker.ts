import type { Clock } from '@heddle/core'
import { away, isAway, reasonOf, waitAfter, within } from './away.ts'

/** Told of each answer: `undefined` when the log gave one, or why it gave none. */
export type Watcher = (reason: string | undefined) => void

/**
 * Lets calls of the log through, each for a bounded time. After one that failed because the log is away, others are
 * refused at once, with the time of the next attempt; then one is let through to see. So nobody waits in vain, and what
 * cannot be done does not pile up.
 */
export class Breaker {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #watch: Watcher
  /** Failures one after the other; 0 while all is well. */
  #failures = 0
  #retryAt = 0
  #trying = false
  #reason = ''

  /** @param timeoutMs How long one call may take, in ms. */
  constructor(clock: Clock, timeoutMs: number, watch: Watcher) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#watch = watch
  }

  /**
   * Calls `work`.
   * @param longerMs How much longer than usual it may take: what it was asked to wait.
   * @throws HEDDLE_LOG_UNAVAILABLE with `retryAfterMs`, and what `work` throws.
   */
  run<T>(work: () => Promise<T>, longerMs = 0): Promise<T> {
    if (this.#failures === 0) return this.#call(work, longerMs, false)
    const waitMs = this.#retryAt - this.#clock.now()
    if (this.#trying || waitMs > 0)
      return Promise.reject(away(this.#reason, Math.max(waitMs, waitAfter(this.#failures))))
    this.#trying = true
    return this.#call(work, longerMs, true)
  }

  #call<T>(work: () => Promise<T>, longerMs: number, trial: boolean): Promise<T> {
    return within(this.#clock, this.#timeoutMs + longerMs, work()).then(
      (answer) => {
        this.#answered(trial)
        return answer
      },
      (error: unknown) => {
        if (!isAway(error)) {
          this.#answered(trial)
          throw error
        }
        throw this.#failed(error, trial)
      },
    )
  }

  #answered(trial: boolean): void {
    if (trial) this.#trying = false
    this.#failures = 0
    this.#watch(undefined)
  }

  #failed(error: unknown, trial: boolean): Error {
    if (trial) this.#trying = false
    // Those that were under way together are one failure.
    if (trial || this.#failures === 0) {
      this.#failures++
      this.#retryAt = this.#clock.now() + waitAfter(this.#failures)
    }
    this.#reason = reasonOf(error)
    this.#watch(this.#reason)
    return away(this.#reason, Math.max(1, this.#retryAt - this.#clock.now()))
  }
}
