import type { Clock, SignalLike } from '@heddle/core'
import type { Partition } from '../topic/topic.ts'

/** Resolves when one of the partitions has something new, `ms` have gone by, or `signal` is aborted. */
export function waitForRecords(
  partitions: readonly Partition[],
  clock: Clock,
  ms: number,
  signal: SignalLike | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      timer.clear()
      for (const { waiting } of partitions) waiting.delete(wake)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = clock.after(ms, wake)
    for (const { waiting } of partitions) waiting.add(wake)
    signal?.addEventListener('abort', wake)
  })
}
