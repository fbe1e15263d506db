import { afterAll, beforeAll, describe } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { kafkaEngineContract } from './kafka-engine-contract.ts'
import { type TestKafka, openTestLog, startTestKafka } from './test-kafka.ts'

describe.runIf(servicesAvailable('kafka'))('on a real Kafka', () => {
  let kafka: TestKafka
  beforeAll(async () => {
    kafka = await startTestKafka()
  })
  afterAll(() => kafka.stop())

  kafkaEngineContract(() => openTestLog({ brokers: kafka.brokers }))
  kafkaEngineContract(() => openTestLog({ brokers: kafka.brokers }), 3)
})
