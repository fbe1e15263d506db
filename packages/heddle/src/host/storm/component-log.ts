import type { KafkaLogOptions } from '@heddle/log/kafka'
import type { HeddleConfig } from '../../config/config.ts'
import { kafkaAccess } from '../kafka-access.ts'

/**
 * What components of a topology are told of the log, as JSON in the topology's configuration: whoever may ask Nimbus reads it, with
 * the secrets that it has.
 */
export interface ComponentLog extends Pick<KafkaLogOptions, 'tls' | 'sasl' | 'structured'> {
  /** As the setting `log`. */
  readonly url: string
}

/**
 * With the texts of certificates: their files are on this machine. A `tokenFile` is one of the machines of the cluster.
 * @throws HEDDLE_CONFIG_INVALID when a file cannot be read.
 */
export const componentLogOf = async ({ log, kafka }: HeddleConfig): Promise<ComponentLog> => ({
  url: log,
  ...(await kafkaAccess(kafka)),
})
