import type { Clock } from '@heddle/core'
import type { RestoreMessage } from '@heddle/log/kafka'
import type { Logger } from './logger.ts'
import { onChannel } from './metrics/on-channel.ts'
import { rate, secondsLeft, share } from './restore-words.ts'

/** A restore that is over sooner is not worth a line, in ms. */
const firstMs = 1000

/** How often one that takes long is told of, in ms. */
const everyMs = 5000

/** Writes to the log how far restores of state have come, and when they are done; the answer ends it. */
export function logRestores(logger: Logger, clock: Clock): () => void {
  /** When each was last told of, or 0. */
  const told = new Map<string, number>()
  return onChannel<RestoreMessage>('heddle:log:kafka:restore', (message) => {
    const { store, state, standby, done, total, records, elapsedMs, error } = message
    const facts = { store, done, total, records, recordsPerSecond: rate(message), elapsedMs, standby }
    const last = told.get(store) ?? 0
    if (state !== 'running') {
      told.delete(store)
      if (state === 'failed') logger.warn({ ...facts, error }, 'state could not be restored')
      else if (last > 0) logger.info(facts, 'state is restored')
      return
    }
    if (elapsedMs < firstMs || clock.now() - last < everyMs) return
    told.set(store, clock.now())
    const percent = Math.floor(100 * share(message))
    logger.info({ ...facts, percent, secondsLeft: secondsLeft(message) }, 'restoring state')
  })
}
