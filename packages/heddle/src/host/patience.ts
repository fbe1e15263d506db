import { type Clock, errorMessage, isHeddleError, sleep } from '@heddle/core'
import { waitAfter } from './gateway-log/away.ts'

export interface Patience {
  readonly clock: Clock
  /** Ends the wait: what failed last is thrown. */
  readonly signal: AbortSignal | undefined
  /** Told after each failure: why, and in how many ms it is tried again. */
  readonly tell: (reason: string, retryMs: number) => void
}

/** Does `work` again and again as long as it fails because the log cannot be reached. @throws anything else, at once. */
export async function patiently<T>(
  { clock, signal, tell }: Patience,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      return await work(attempt)
    } catch (error) {
      if (!isHeddleError(error, 'HEDDLE_LOG_UNAVAILABLE')) throw error
      const waitMs = waitAfter(attempt)
      tell(errorMessage(error), waitMs)
      await sleep(clock, waitMs, signal)
    }
  }
}
