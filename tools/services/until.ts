import { setTimeout as pause } from 'node:timers/promises'
import type { JavaProcess } from './java-process.ts'

/** Between two questions, in milliseconds: small beside a boot, large beside a question. */
const PAUSE = 50

/**
 * Asks whether a process is ready, again and again, until the answer is true. A question that throws counts as a no.
 *
 * @param ms how long to ask at most, in milliseconds.
 * @throws with the last lines of the log, when the time is over or the process ends.
 */
export async function until(process: JavaProcess, ms: number, ask: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + ms
  const ended = process.untilItEnds()
  let cause: unknown
  while (performance.now() < end) {
    const answer = await Promise.race([
      ended,
      ask().catch((error: unknown) => {
        cause = error
        return false
      }),
    ])
    if (answer) return
    await Promise.race([ended, pause(PAUSE)])
  }
  throw new Error(`${process.name} was not ready within ${ms / 1000} s\n${process.tail()}`, { cause })
}
