import type { DeliveryRetry } from '@heddle/core'

/**
 * Milliseconds until the next attempt.
 * @param attempts How many there were.
 * @param random As `Math.random`.
 */
export function retryDelay(policy: DeliveryRetry, attempts: number, random: () => number): number {
  const { delaysMs, initialMs, factor, maxMs, jitter } = policy
  const wait =
    delaysMs && delaysMs.length > 0
      ? delaysMs[Math.min(attempts, delaysMs.length) - 1]!
      : Math.min(maxMs, initialMs * factor ** (attempts - 1))
  return Math.round(wait * (1 - jitter * random()))
}
