import { type Clock, systemClock } from '@heddle/core'
import type { Fabric } from '../host/create-fabric.ts'
import type { Logger } from '../host/logger.ts'
import { exitCodes } from './exit-codes.ts'

/** How much longer than `drain` a stop may take, in ms, for closing files and connections. More means that it hangs. */
const closingMs = 10_000

/** Aborted by SIGTERM or SIGINT, with the name of the signal as its reason; a second one ends the process at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(exitCodes.forced)
    stop.abort(name)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return stop.signal
}

/** What `start` gives. When it is stopped while it waits for something, the process ends as one that has been running. */
export async function unlessStopped<T>(stop: AbortSignal, logger: Logger, start: Promise<T>): Promise<T> {
  try {
    return await start
  } catch (error) {
    if (!stop.aborted) throw error
    logger.info({ signal: stop.reason as string }, 'stopped before it had started')
    process.exit(exitCodes.ok)
  }
}

/**
 * Waits for `stop`, stops the fabric in order, and ends the process. A stop that hangs ends it at once: what was
 * acknowledged is on disk, and what was under way is done after the next start.
 */
export async function untilStopped(
  fabric: Pick<Fabric, 'close' | 'config'>,
  stop: AbortSignal,
  logger: Logger,
  clock: Clock = systemClock,
): Promise<never> {
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve))
  logger.info(
    { signal: stop.reason as string },
    'stopping: finishing what is under way (a second signal stops at once)',
  )
  const limitMs = fabric.config.drainMs + closingMs
  clock.after(limitMs, () => {
    logger.error({ limitMs }, 'stopping takes too long: ending at once')
    process.exit(exitCodes.failure)
  })
  await fabric.close()
  logger.info('stopped')
  // Timers and connections of a user's topology do not keep a stopped fabric alive.
  process.exit(exitCodes.ok)
}
