import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineContract } from '@heddle/core/contracts'
import { localEngine } from '@heddle/engine/local'
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

  engineContract(
    'local, on Kafka',
    ['at-least-once', 'exactly-once'],
    async () => {
      const statePath = await mkdtemp(join(tmpdir(), 'heddle-kafka-'))
      const log = await openKafkaLog({ brokers: kafka.brokers, statePath })
      const engine = localEngine({ log })
      return {
        engine,
        log,
        async close() {
          await engine.close()
          await log.close()
          await rm(statePath, { recursive: true })
        },
      }
    },
    { describe, test },
  )
})
