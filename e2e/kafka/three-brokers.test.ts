import { logContract } from '@heddle/core/contracts'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { kafkaEngineContract } from './kafka-engine-contract.ts'
import { type TestKafka, type TestLog, openTestLog, startTestKafka } from './test-kafka.ts'

describe.runIf(servicesAvailable('kafka'))(
  'on three brokers, with three copies of which two must have it',
  () => {
    let kafka: TestKafka
    const open = (): Promise<TestLog> =>
      openTestLog({ brokers: kafka.brokers, replicationFactor: 3, minInsyncReplicas: 2 })
    beforeAll(async () => {
      kafka = await startTestKafka({ brokers: 3 })
    })
    afterAll(() => kafka.stop())

    logContract('Kafka', open, { describe, test })
    kafkaEngineContract(open)
  },
)
