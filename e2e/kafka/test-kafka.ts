import { type KafkaOptions, startKafka } from '../../tools/services/kafka/kafka.ts'

/** A Kafka for one file of tests. */
export interface TestKafka {
  readonly brokers: readonly string[]
  stop(): Promise<void>
}

/** Small limits, so that a member that dies is noticed within seconds. */
const quick = {
  'group.consumer.min.session.timeout.ms': 1_000,
  'group.consumer.min.heartbeat.interval.ms': 200,
}

/** Starts one; HEDDLE_TEST_KAFKA names brokers that run already, for tests that are run again and again. */
export async function startTestKafka(options: KafkaOptions = {}): Promise<TestKafka> {
  const running = process.env['HEDDLE_TEST_KAFKA']
  if (running !== undefined && running !== '') return { brokers: running.split(','), stop: async () => {} }
  const kafka = await startKafka({ ...options, properties: { ...quick, ...options.properties } })
  return { brokers: kafka.bootstrap.split(','), stop: () => kafka.stop() }
}
