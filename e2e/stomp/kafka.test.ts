import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, type TestLog, openTestLog, startTestKafka } from '../kafka/test-kafka.ts'
import { type TestStomp, startHeddle } from './heddle.ts'
import { runScenario } from './run-scenario.ts'
import { scenarios } from './scenarios.ts'

describe.skipIf(!servicesAvailable('kafka'))(
  'clients see the same of Heddle on Kafka as on a log of its own',
  () => {
    let kafka: TestKafka
    let log: TestLog
    let onKafka: TestStomp
    let inMemory: TestStomp

    beforeAll(async () => {
      kafka = await startTestKafka()
      log = await openTestLog({ brokers: kafka.brokers })
      onKafka = await startHeddle({}, async () => log.log)
      inMemory = await startHeddle()
    }, 120_000)
    afterAll(async () => {
      await inMemory[Symbol.asyncDispose]()
      await onKafka[Symbol.asyncDispose]()
      await log.close()
      await kafka.stop()
    })

    test.each(scenarios)('$name', async (scenario) => {
      const [seen, wanted] = [
        await runScenario(scenario, onKafka.stomp),
        await runScenario(scenario, inMemory.stomp),
      ]
      expect(seen).toEqual(wanted)
    })
  },
)
