import { join } from 'node:path'
import { type Clock, HeddleError, type Log } from '@heddle/core'
import type { HeddleConfig } from '../config/config.ts'
import { kafkaAccess } from './kafka-access.ts'

/** Whether the log of a configuration is in this process, so that it can never be away. */
export const isLocal = ({ log }: HeddleConfig): boolean => log === 'embedded'

/**
 * Opens the log that the configuration names; tries once to reach one that is elsewhere.
 * @throws HEDDLE_LOG_UNAVAILABLE when it cannot be reached now, HEDDLE_CONFIG_INVALID, and the errors of the log.
 */
export async function openLog(config: HeddleConfig, clock: Clock): Promise<Log> {
  if (isLocal(config)) {
    const { openEmbeddedLog } = await import('@heddle/log/embedded')
    return openEmbeddedLog({ path: config.data, clock })
  }
  if (/^kafka(\+ssl)?:/.test(config.log)) {
    const { openKafkaLog } = await import('@heddle/log/kafka')
    // One try: who waits for the brokers says so meanwhile.
    return openKafkaLog({
      url: config.log,
      ...(await kafkaAccess(config.kafka)),
      statePath: join(config.data, 'state'),
      clock,
      openTimeoutMs: 1,
    })
  }
  throw new HeddleError(
    'HEDDLE_CONFIG_INVALID',
    `log: there is no log for '${config.log}'; there are 'embedded' and 'kafka://host:port'`,
    { info: { keys: ['log'] } },
  )
}
