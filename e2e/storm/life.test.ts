import { fileURLToPath } from 'node:url'
import { type Log, event, sleep, systemClock, toRecord } from '@heddle/core'
import type { ComponentFigures } from '@heddle/engine/storm'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type Ran, heddle } from '../house/cli.ts'
import { type TestKafka, startTestKafka } from '../kafka/test-kafka.ts'
import { squaresIn } from './squares-in.ts'
import { type TestStorm, startTestStorm } from './test-storm.ts'

const file = fileURLToPath(new URL('numbers.topology.ts', import.meta.url))

// Workers, which are JVMs with processes of Node, start again with each change.
const timeout = 900_000
const pollMs = 100

describe.runIf(servicesAvailable('storm') && servicesAvailable('kafka'))(
  'the life of a topology on Storm',
  { timeout },
  () => {
    let kafka: TestKafka
    let storm: TestStorm
    let log: Log
    let published = 0
    beforeAll(async () => {
      ;[kafka, storm] = await Promise.all([startTestKafka(), startTestStorm()])
      log = await openKafkaLog({ brokers: kafka.brokers })
      for (const name of ['numbers', 'squares']) {
        if (await log.describeTopic(name)) await log.deleteTopic(name)
        await log.createTopic({ name, partitions: 2 })
      }
    }, 240_000)
    afterAll(async () => {
      await log?.close()
      await storm?.stop()
      await kafka?.stop()
    })

    const publish = async (count: number): Promise<void> => {
      const events = Array.from({ length: count }, () =>
        event({ type: 'number', source: '/life', data: published++ }),
      )
      await log.append('numbers', events.map(toRecord))
    }
    const allOut = async (): Promise<void> => {
      while ((await squaresIn(log)).length < published) await sleep(systemClock, pollMs)
    }
    const run = (...args: string[]): Promise<Ran> =>
      heddle([...args, '--engine', storm.url, '--log', `kafka://${kafka.brokers.join(',')}`])
    const well = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(...args)
      expect(stderr).toBe('')
      expect(code).toBe(0)
      return stdout
    }

    test('is rebalanced under load, and nothing is lost or done twice', async () => {
      await well('submit', file, '--node', process.execPath)
      const rebalanced = new AbortController()
      const load = (async () => {
        while (!rebalanced.signal.aborted) {
          await publish(50)
          await sleep(systemClock, pollMs)
        }
      })()
      try {
        expect(await well('storm', 'rebalance', 'numbers', 'map=1', '--workers', '2')).toBe(
          'numbers is active\n',
        )
      } finally {
        rebalanced.abort()
        await load
      }
      await publish(50)
      await allOut()
      expect((await squaresIn(log)).map(({ n }) => n).sort((a, b) => a - b)).toEqual(
        Array.from({ length: published }, (_, n) => n),
      )
      const figures = JSON.parse(
        await well('storm', 'component', 'numbers', 'map', '--json'),
      ) as ComponentFigures
      expect(figures).toMatchObject({ component: 'map', kind: 'bolt', executors: 1, tasks: 2 })
    })

    test('says what its components print', async () => {
      // It is kept a moment after it was printed.
      let lines: readonly string[] = []
      while (lines.length === 0) {
        const all = await well('storm', 'logs', 'numbers', '--component', 'map')
        lines = all
          .trimEnd()
          .split('\n')
          .filter((line) => line.endsWith('squared 7'))
      }
      expect(lines[0]).toMatch(/^\S+Z map\/\d+ info squared 7$/)
    })

    test('a rebalance that cannot be is refused, with the reason', async () => {
      const { code, stderr } = await run('storm', 'rebalance', 'numbers', 'map=3')
      expect(code).not.toBe(0)
      expect(stderr).toContain("'map' has 2 tasks, which is fixed from the submit on")
    })

    test('another version goes on where it was', async () => {
      expect(await well('submit', file, '--replace', '--node', process.execPath)).toBe(
        'numbers is active on Storm, with 4 tasks\n',
      )
      await publish(50)
      await allOut()
      expect(new Set((await squaresIn(log)).map(({ n }) => n)).size).toBe(published)
    })

    test('ends', async () => {
      expect(await well('storm', 'kill', 'numbers')).toBe('numbers has stopped\n')
    })
  },
)
