import { logContract } from '@heddle/core/contracts'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, openTestLog, startTestKafka } from './test-kafka.ts'

describe.runIf(servicesAvailable('kafka'))('on a real Kafka', () => {
  let kafka: TestKafka
  beforeAll(async () => {
    kafka = await startTestKafka()
  })
  afterAll(() => kafka.stop())

  logContract('Kafka', () => openTestLog({ brokers: kafka.brokers }), { describe, test })
  logContract(
    'Kafka, with the classic group protocol',
    () => openTestLog({ brokers: kafka.brokers, groupProtocol: 'classic' }),
    { describe, test },
  )
})
