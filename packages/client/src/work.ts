import type { Event } from './event.ts'
import type { Job } from './job.ts'
import type { RetryOptions } from './retry.ts'

export interface WorkOptions {
  /** Events that are done at once. Default 1. */
  readonly concurrency?: number
  /** Ends it: nothing more is taken, and what was begun is done. */
  readonly signal?: AbortSignal
  /** Attempts to reach the gateway in a row; without limit unless given. */
  readonly retry?: RetryOptions
}

/** Does jobs, several at a time. Each of them takes its own, so that none is kept waiting behind one that takes long. */
export async function work<T>(
  pull: (limits: {
    readonly max: number
    readonly signal: AbortSignal
    readonly retry?: RetryOptions
  }) => AsyncIterable<Job<T>>,
  handle: (event: Event<T>, job: Job<T>) => unknown,
  leaseMs: number,
  { concurrency = 1, retry, signal }: WorkOptions,
): Promise<void> {
  const failed = new AbortController()
  const ended = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal
  const workers = Array.from({ length: concurrency }, async () => {
    try {
      for await (const job of pull({ max: 1, signal: ended, ...(retry && { retry }) }))
        await doJob(job, handle, leaseMs)
    } catch (error) {
      failed.abort(error)
      throw error
    }
  })
  const done = await Promise.allSettled(workers)
  for (const one of done) if (one.status === 'rejected') throw one.reason
}

async function doJob<T>(
  job: Job<T>,
  handle: (event: Event<T>, job: Job<T>) => unknown,
  leaseMs: number,
): Promise<void> {
  // When it cannot be extended, the event comes again: nothing to be done about it here.
  const timer = setInterval(() => void job.extend(leaseMs).catch(() => {}), leaseMs / 3)
  let said: () => Promise<unknown>
  try {
    await handle(job.event, job)
    said = () => job.ack()
  } catch (error) {
    said = () => job.nack({ reason: error instanceof Error ? error.message : String(error) })
  } finally {
    clearInterval(timer)
  }
  // One that cannot be said in all attempts: the event comes again when its lease is over.
  await said().catch(() => {})
}
