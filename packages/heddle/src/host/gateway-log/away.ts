import { type Clock, HeddleError, errorMessage, isHeddleError } from '@heddle/core'

/** Whether an error says that the log cannot be reached now, so that it is worth to wait for it. */
export const isAway = (error: unknown): boolean => isHeddleError(error, 'HEDDLE_LOG_UNAVAILABLE')

/** What is to be told of an error to those who know what it is about. */
export const reasonOf = (error: unknown): string =>
  isHeddleError(error) && error.detail !== '' ? error.detail : errorMessage(error)

/** The refusal of what the log cannot take now. `retryAfterMs` becomes the answer's Retry-After. */
export function away(detail: string, retryAfterMs: number): HeddleError {
  return new HeddleError('HEDDLE_LOG_UNAVAILABLE', detail, { info: { retryAfterMs } })
}

/** How long to wait after that many failures, in ms: 0.5 s, and twice as long each time, up to 5 s. */
export const waitAfter = (failures: number): number => Math.min(5_000, 500 * 2 ** Math.max(0, failures - 1))

/** The answer of `work`, or HEDDLE_LOG_UNAVAILABLE when it takes longer than `ms`; what it does goes on. */
export function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(away(`no answer within ${ms} ms`, waitAfter(1))))
    work.finally(() => timer.clear()).then(resolve, reject)
  })
}
