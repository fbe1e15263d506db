import type { Fabric } from '../host/create-fabric.ts'
import type { Logger } from '../host/logger.ts'
import { exitCodes } from './exit-codes.ts'

/**
 * Waits for SIGTERM or SIGINT, then stops the fabric in order. A second signal ends the process at once: what was
 * acknowledged is on disk, and what was under way is done after the next start.
 */
export async function untilStopped(fabric: Pick<Fabric, 'close'>, logger: Logger): Promise<void> {
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
  await fabric.close()
  logger.info('stopped')
}
