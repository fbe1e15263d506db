import { type Kafka, startKafka } from '../../tools/services/kafka/kafka.ts'
import { whatIsMissing } from '../../tools/services/toolchain.ts'

/** Processes of the demo on Kafka. */
export const processesOnKafka = 3

/**
 * Starts a real Kafka for the demo.
 * @throws when this machine cannot run one, with what is missing and how to get it.
 */
export async function startDemoKafka(): Promise<Kafka> {
  const missing = whatIsMissing(['kafka'])
  if (missing !== undefined) throw new Error(`the demo on Kafka starts a real one, and ${missing}`)
  return startKafka({
    properties: {
      // Brokers allow no sessions below 45 s by default: so long would the partitions of a killed process wait.
      'group.consumer.min.session.timeout.ms': 1_000,
      'group.consumer.min.heartbeat.interval.ms': 500,
    },
  })
}
