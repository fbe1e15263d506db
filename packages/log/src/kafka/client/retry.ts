import { type Clock, type SignalLike, sleep } from '@heddle/core'
import { KafkaError } from '../errors.ts'

/** The first wait between two tries, in ms; each is twice the one before, up to `longestMs`. */
const firstMs = 20
const longestMs = 1_000

/**
 * Tries again while the error is retryable and there is time left.
 * @param attempt Gets the number of the try, from 0.
 * @throws what the last try threw.
 */
export async function retrying<T>(
  clock: Clock,
  timeoutMs: number,
  attempt: (count: number) => Promise<T>,
  signal?: SignalLike,
): Promise<T> {
  const end = clock.now() + timeoutMs
  for (let count = 0; ; count++) {
    try {
      return await attempt(count)
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.retryable) throw error
      const waitMs = backoffMs(count)
      if (clock.now() + waitMs > end || signal?.aborted === true) throw error
      await sleep(clock, waitMs, signal)
    }
  }
}

/** How long to wait after that many failures; half of it is random, so that clients do not come back all at once. */
export function backoffMs(failures: number): number {
  const most = Math.min(longestMs, firstMs * 2 ** Math.min(failures, 10))
  // A timer of a part of a millisecond comes too early.
  return Math.ceil(most / 2 + (Math.random() * most) / 2)
}
