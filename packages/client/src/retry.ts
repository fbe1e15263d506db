/** When to try again. Times in milliseconds. */
export interface RetryOptions {
  /** Attempts in a row that may fail. Publish: 10, about half a minute. Subscribe: without limit. */
  readonly attempts?: number
  /** Wait before the second attempt, doubled for each that follows. Default 100. */
  readonly baseMs?: number
  /** Longest wait. Default 10,000. */
  readonly maxMs?: number
}

export interface Backoff {
  readonly attempts: number
  /** The wait after the `failures`th failure in a row. */
  after(failures: number): number
}

/** Waits that double up to a maximum, each a random part of that (full jitter), so that many clients do not come at once. */
export function backoffOf(
  { attempts, baseMs = 100, maxMs = 10_000 }: RetryOptions,
  otherwise: number,
): Backoff {
  return {
    attempts: attempts ?? otherwise,
    after: (failures) => Math.random() * Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30)),
  }
}

/** Milliseconds of a Retry-After header (RFC 9110 § 10.2.3: seconds, or a date); 0 without one. */
export function retryAfterMs(headers: Headers): number {
  const text = headers.get('retry-after')
  if (text === null) return 0
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? 0 : Math.max(0, ms)
}

/** Resolves after `ms`, or at once when the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}
