import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Log, event, sleep, systemClock, toRecord } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Storm, startStorm } from '../../tools/services/storm/storm.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { heddle } from '../house/cli.ts'
import { type TestKafka, startTestKafka } from '../kafka/test-kafka.ts'
import { type Square, squaresIn } from './squares-in.ts'

const file = fileURLToPath(new URL('numbers.topology.ts', import.meta.url))

// JVMs and processes of Node are started again and again.
const timeout = 900_000
const pollMs = 200

describe.runIf(servicesAvailable('storm') && servicesAvailable('kafka'))(
  'a topology on a Storm that breaks',
  { timeout },
  () => {
    let kafka: TestKafka
    let storm: Storm
    let log: Log
    beforeAll(async () => {
      ;[kafka, storm] = await Promise.all([startTestKafka(), startStorm()])
      log = await openKafkaLog({ brokers: kafka.brokers })
      for (const name of ['numbers', 'squares']) {
        if (await log.describeTopic(name)) await log.deleteTopic(name)
        await log.createTopic({ name, partitions: 2 })
      }
    }, 180_000)
    afterAll(async () => {
      await log.close()
      await storm.stop()
      await kafka.stop()
    })

    let published = 0
    const publish = async (count: number): Promise<void> => {
      const events = Array.from({ length: count }, () =>
        event({ type: 'number', source: '/kills', data: published++ }),
      )
      await log.append('numbers', events.map(toRecord))
    }
    /** Publishes more, and waits until all that was published has come out; the last of them. */
    const more = async (count = 200): Promise<Square> => {
      await publish(count)
      for (;;) {
        const done = await squaresIn(log)
        if (done.length >= published) return done.find(({ n }) => n === published - 1) ?? done.at(-1)!
        await sleep(systemClock, pollMs)
      }
    }
    const onStorm = async (...args: string[]): Promise<string> => {
      const cluster = ['--engine', `storm://${storm.nimbus}`, '--log', `kafka://${kafka.brokers.join(',')}`]
      const { code, stdout, stderr } = await heddle([...args, ...cluster])
      expect(stderr).toBe('')
      expect(code).toBe(0)
      return stdout
    }

    test('does every number once', async () => {
      expect(await onStorm('submit', file, '--node', 'bundled')).toBe(
        'numbers is active on Storm, with 4 tasks\n',
      )

      const component = (await more()).pid
      process.kill(component, 'SIGKILL')
      const again = (await more()).pid
      expect(again).not.toBe(component)

      const worker = Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(again)], { encoding: 'utf8' }))
      process.kill(worker, 'SIGKILL')
      await publish(200)
      await more()

      // A cluster without its head works on.
      await storm.kill('nimbus')
      await more()
      await storm.restart('nimbus')

      await storm.kill('supervisor-1')
      await more()
      await storm.restart('supervisor-1')
      await more()

      expect(await onStorm('storm', 'list')).toContain('numbers   active')
      expect(await onStorm('storm', 'deactivate', 'numbers')).toBe('numbers is inactive\n')
      expect(await onStorm('storm', 'activate', 'numbers')).toBe('numbers is active\n')
      await more()
      expect(await onStorm('storm', 'kill', 'numbers')).toBe('numbers has stopped\n')

      const done = await squaresIn(log)
      expect(done.map(({ n }) => n).sort((a, b) => a - b)).toEqual(
        Array.from({ length: published }, (_, n) => n),
      )
      expect(done.every(({ n, square }) => square === n * n)).toBe(true)
      expect(await onStorm('storm')).toBe('no topology of ours runs there\n')
    })
  },
)
