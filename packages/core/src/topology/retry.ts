import type { RetryPolicy } from '../plan/plan.ts'
import { type Duration, milliseconds } from '../units.ts'

export interface BackoffOptions {
  /** How often it is tried in all, the first time included. Default 5. */
  readonly attempts?: number
  /** Each wait is this many times the one before. Default 2. */
  readonly factor?: number
  /** No wait is longer. Default one minute. */
  readonly max?: Duration
  /** Share of each wait that is random, 0 to 1. Default 0.2. */
  readonly jitter?: number
}

/**
 * Tries again after waits that grow.
 *
 * @param initial The first wait.
 * @example backoff('100ms', { attempts: 5 })   // at once, then after about 100, 200, 400 and 800 ms
 */
export function backoff(initial: Duration, options: BackoffOptions = {}): RetryPolicy {
  const { attempts = 5, factor = 2, max = '1m', jitter = 0.2 } = options
  return { attempts, initialMs: milliseconds(initial), factor, maxMs: milliseconds(max), jitter }
}

/** One attempt only. */
export const noRetry: RetryPolicy = { attempts: 1, initialMs: 0, factor: 1, maxMs: 0, jitter: 0 }

/** Three attempts within about a third of a second: enough for a hiccup, short enough not to hold the others up. */
export const defaultRetry: RetryPolicy = backoff('100ms', { attempts: 3 })
