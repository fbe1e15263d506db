import { logContract } from '@heddle/core/contracts'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, openTestLog, startTestKafka } from './test-kafka.ts'

describe.runIf(servicesAvailable('kafka-3.9'))('on a Kafka of before 4', () => {
  let kafka: TestKafka
  beforeAll(async () => {
    kafka = await startTestKafka({ version: '3.9' })
  })
  afterAll(() => kafka.stop())

  logContract('Kafka 3.9', () => openTestLog({ brokers: kafka.brokers }), { describe, test })

  it('is told at once that it has no groups of KIP-848, where they are asked for', async () => {
    const log = await openKafkaLog({ brokers: kafka.brokers, groupProtocol: 'consumer' })
    try {
      await log.createTopic({ name: 'consumer-only', partitions: 1 })
      await expect(
        log.joinGroup({ group: 'consumer-only', topics: ['consumer-only'] }),
      ).rejects.toMatchObject({
        code: 'HEDDLE_LOG_UNSUPPORTED',
        message: expect.stringContaining("'classic'") as string,
      })
    } finally {
      await log.close()
    }
  })
})
