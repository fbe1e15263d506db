import { type Clock, type Cost, type Principal, type Resource, isHeddleError, sleep } from '@heddle/core'
import type { Access } from '../access.ts'

/**
 * Takes the cost from the quota, waiting for as long as the guard says while there is not enough: a stream that has
 * begun is slowed down, not cut off.
 */
export async function throttle(
  access: Access,
  principal: Principal,
  cost: Cost,
  resource: Resource,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await access.charge(principal, cost, resource)
      return
    } catch (error) {
      if (!isHeddleError(error, 'HEDDLE_QUOTA_EXCEEDED')) throw error
      await sleep(clock, Number(error.info['retryAfterMs']), signal)
    }
  }
}
