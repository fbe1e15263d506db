import { engineContract } from '@heddle/core/contracts'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, startTestKafka } from '../kafka/test-kafka.ts'
import { openStormEngine } from './open-storm-engine.ts'
import { type TestStorm, startTestStorm } from './test-storm.ts'

// Each topology starts a JVM, and Node for each task; one test starts it five times.
const timeout = 400_000

describe.runIf(servicesAvailable('storm') && servicesAvailable('kafka'))(
  'on a real Storm',
  { timeout },
  () => {
    let kafka: TestKafka
    let storm: TestStorm
    beforeAll(async () => {
      ;[kafka, storm] = await Promise.all([startTestKafka(), startTestStorm()])
    }, 180_000)
    afterAll(async () => {
      await storm.stop()
      await kafka.stop()
    })

    engineContract('Storm', ['at-least-once'], () => openStormEngine(storm.url, kafka.brokers), {
      describe,
      test,
    })
  },
)
