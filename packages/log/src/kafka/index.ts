import type { Log } from '@heddle/core'
import type { KafkaLogOptions } from './options.ts'

export type * from './channels.ts'
export {
  type Compression,
  type GroupProtocolName,
  type KafkaLogOptions,
  type KafkaOauth,
  type KafkaSasl,
  type KafkaTls,
  parseKafkaUrl,
} from './options.ts'

/**
 * Opens a log on Kafka: topics, groups and transactions are Kafka's own, and keyed state is a local copy of a compacted
 * topic. Several processes may open the same brokers. Needs Kafka 3.1 or newer; made for 4.
 *
 * @throws HEDDLE_CONFIG_INVALID; HEDDLE_LOG_UNAVAILABLE when no broker answers within `deliveryTimeoutMs`;
 * HEDDLE_LOG_UNAUTHORIZED; HEDDLE_LOG_UNSUPPORTED when the brokers are too old.
 * @example
 * const log = await openKafkaLog({ url: 'kafka://broker:9092?compression=zstd', statePath: 'data/state' })
 */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  // Kafka's protocol takes most of half a second to load: only when a log is opened.
  const { KafkaLog } = await import('./kafka-log.ts')
  return KafkaLog.open(options)
}
