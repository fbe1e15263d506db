import { type Clock, sleep } from '@heddle/core'
import { isAway, reasonOf, waitAfter } from './gateway-log/away.ts'

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
      if (!isAway(error)) throw error
      const waitMs = waitAfter(attempt)
      tell(reasonOf(error), waitMs)
      await sleep(clock, waitMs, signal)
    }
  }
}
