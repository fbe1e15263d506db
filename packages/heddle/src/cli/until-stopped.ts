import { type Clock, systemClock } from '@heddle/core'
import type { Fabric } from '../host/create-fabric.ts'
import type { Logger } from '../host/logger.ts'
import { exitCodes } from './exit-codes.ts'

/** How much longer than `drain` a stop may take, in ms, for closing files and connections. More means that it hangs. */
const closingMs = 10_000

/**
 * Waits for SIGTERM or SIGINT, stops the fabric in order, and ends the process. A second signal ends it at once, and so
 * does a stop that hangs: what was acknowledged is on disk, and what was under way is done after the next start.
 */
export async function untilStopped(
  fabric: Pick<Fabric, 'close' | 'config'>,
  logger: Logger,
  clock: Clock = systemClock,
): Promise<never> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    let stopping = false
    const onSignal = (name: NodeJS.Signals): void => {
      if (stopping) process.exit(exitCodes.forced)
      stopping = true
      resolve(name)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
  logger.info({ signal }, 'stopping: finishing what is under way (a second signal stops at once)')
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
