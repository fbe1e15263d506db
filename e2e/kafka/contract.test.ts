import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logContract } from '@heddle/core/contracts'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, startTestKafka } from './test-kafka.ts'

describe.runIf(servicesAvailable('kafka'))('on a real Kafka', () => {
  let kafka: TestKafka
  beforeAll(async () => {
    kafka = await startTestKafka()
  })
  afterAll(() => kafka.stop())

  logContract(
    'Kafka',
    async () => {
      const statePath = await mkdtemp(join(tmpdir(), 'heddle-kafka-'))
      const open = () => openKafkaLog({ brokers: kafka.brokers, statePath })
      let log = await open()
      return {
        log,
        reopen: async () => {
          await log.close()
          log = await open()
          return log
        },
        close: async () => {
          await log.close()
          await rm(statePath, { recursive: true })
        },
      }
    },
    { describe, test },
  )
})
