import type { RetryPolicy } from '@heddle/core'

/** Milliseconds until the next attempt. @param random As `Math.random`. */
export function retryDelay(policy: RetryPolicy, attempts: number, random: () => number): number {
  const wait = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempts - 1))
  return wait * (1 - policy.jitter * random())
}
