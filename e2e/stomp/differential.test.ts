import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ActiveMq, startActiveMq } from '../../tools/services/activemq/activemq.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestStomp, startHeddle } from './heddle.ts'
import { runScenario } from './run-scenario.ts'
import { scenarios } from './scenarios.ts'

describe.runIf(servicesAvailable('activemq'))(
  'the same clients see the same of Heddle and of ActiveMQ',
  () => {
    let activemq: ActiveMq
    let heddle: TestStomp

    beforeAll(async () => {
      ;[activemq, heddle] = await Promise.all([startActiveMq(), startHeddle()])
    }, 600_000)
    afterAll(() => Promise.all([activemq.stop(), heddle[Symbol.asyncDispose]()]))

    test.each(scenarios)('$name', async (scenario) => {
      const [seen, wanted] = await Promise.all([
        runScenario(scenario, heddle.stomp),
        runScenario(scenario, activemq.stomp),
      ])
      expect(seen).toEqual(wanted)
    })
  },
)
