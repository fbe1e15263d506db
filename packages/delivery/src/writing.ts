import { type Clock, type Log, type Transactor, isHeddleError, sleep } from '@heddle/core'

/** How often a change is tried when another process changes something at the same time. */
const maxTries = 20

/** Longest wait between those, in milliseconds: chosen at random, so that they do not meet again. */
const maxWaitMs = 50

/**
 * Changes something that all processes share. Opening the transactor fences whoever changes it: what is read after that is what
 * is changed; and who was fenced reads it again, and tries again.
 *
 * @param write Reads, changes and commits; may be called again when another process came between.
 */
export async function writing<T>(
  log: Log,
  clock: Clock,
  id: string,
  write: (transactor: Transactor) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const transactor = await log.transactor(id)
    try {
      return await write(transactor)
    } catch (error) {
      if (!isHeddleError(error, 'HEDDLE_LOG_FENCED') || tries === maxTries) throw error
      await sleep(clock, Math.random() * maxWaitMs)
    } finally {
      await transactor.close()
    }
  }
}
