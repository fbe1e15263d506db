import { fileURLToPath } from 'node:url'
import { type Log, event, sleep, systemClock, toRecord } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type Ran, heddle } from '../house/cli.ts'
import { type TestKafka, startTestKafka } from '../kafka/test-kafka.ts'
import { FluxRun } from './flux/flux-run.ts'
import { parts, partsAvailable } from './mix/parts.ts'
import { type TestStorm, startTestStorm } from './test-storm.ts'

const file = fileURLToPath(new URL('mix/mix.topology.ts', import.meta.url))
const pollMs = 100

/** Data of all events in a topic by now. */
async function dataOf<T>(log: Log, topic: string): Promise<T[]> {
  const found: T[] = []
  for (const { partition, earliest, latest } of await log.partitions(topic))
    for (let offset = earliest; offset < latest;) {
      const [part] = await log.read([{ topic, partition, offset }])
      if (!part) break
      for (const { value } of part.records) found.push(JSON.parse(Buffer.from(value!).toString()) as T)
      offset = part.nextOffset
    }
  return found
}

describe.runIf(partsAvailable() && servicesAvailable('storm') && servicesAvailable('kafka'))(
  'components of ours beside others on Storm',
  // Java, Python and Node start, and start again.
  { timeout: 600_000 },
  () => {
    let kafka: TestKafka
    let storm: TestStorm
    let log: Log
    let env: NodeJS.ProcessEnv
    beforeAll(async () => {
      const { jars, programs } = await parts()
      ;[kafka, storm] = await Promise.all([startTestKafka(), startTestStorm()])
      env = {
        MIX_PROGRAMS: programs,
        MIX_JARS: jars.join(':'),
        MIX_BROKERS: kafka.brokers.join(','),
      }
      log = await openKafkaLog({ brokers: kafka.brokers })
      for (const name of ['mix.lines', 'mix.numbers', 'mix.shouts', 'mix.products']) {
        if (await log.describeTopic(name)) await log.deleteTopic(name)
        await log.createTopic({ name, partitions: 2 })
      }
    }, 600_000)
    afterAll(async () => {
      await log?.close()
      await storm?.stop()
      await kafka?.stop()
    })

    const onStorm = async (...args: string[]): Promise<string> => {
      const cluster = ['--engine', storm.url, '--log', `kafka://${kafka.brokers.join(',')}`]
      const { code, stdout, stderr } = await heddle([...args, ...cluster], { env })
      expect(stderr).toBe('')
      expect(code).toBe(0)
      return stdout
    }

    interface Shout {
      readonly word: string
      readonly pid: number
    }
    interface Product {
      readonly n: number
      readonly product: number
    }
    let lines = 0
    let numbers = 0
    /** Publishes more, and waits until all of it has come out, once; the last process that took part. */
    const more = async (): Promise<number> => {
      const line = (n: number): string => [0, 1, 2].map((each) => `w${n}-${each}`).join(' ')
      // Text, as storm-kafka-client reads it.
      await log.append(
        'mix.lines',
        Array.from({ length: 100 }, () => ({ value: line(lines++) })),
      )
      const events = Array.from({ length: 100 }, () =>
        event({ type: 'number', source: '/mix', data: numbers++ }),
      )
      await log.append('mix.numbers', events.map(toRecord))
      for (;;) {
        const shouts = await dataOf<Shout>(log, 'mix.shouts')
        const products = await dataOf<Product>(log, 'mix.products')
        if (shouts.length >= 3 * lines && products.length >= numbers) return shouts.at(-1)!.pid
        await sleep(systemClock, pollMs)
      }
    }

    test('Java, Node and Python do every line and every number, through a kill, and each comes out once', async () => {
      try {
        expect(await onStorm('submit', file, '--node', process.execPath)).toBe(
          'mix is active on Storm, with 8 tasks\n',
        )
        const pid = await more()
        process.kill(pid, 'SIGKILL')
        await more()
      } finally {
        await onStorm('storm', 'kill', 'mix', '--wait', '0s')
      }
      const shouts = await dataOf<Shout>(log, 'mix.shouts')
      const words = Array.from({ length: lines }, (_, n) => [0, 1, 2].map((each) => `W${n}-${each}`)).flat()
      expect(shouts.map(({ word }) => word).sort()).toEqual(words.sort())
      const products = await dataOf<Product>(log, 'mix.products')
      expect(products.sort((a, b) => a.n - b.n)).toEqual(
        Array.from({ length: numbers }, (_, n) => ({ n, product: 7 * n })),
      )
    })

    test('a Flux file of programs runs there as it is, and needs no log', async () => {
      using flux = new FluxRun()
      const bare = (...args: string[]): Promise<Ran> =>
        heddle([...args, '--engine', storm.url], { env: { ...env, ...flux.env } })
      try {
        expect(await bare('submit', flux.file, '--filter', flux.filter)).toEqual({
          code: 0,
          stdout: 'squares is active on Storm, with 4 tasks\n',
          stderr: '',
        })
        expect(await flux.squares()).toEqual(flux.expected)
        expect((await bare('storm', 'describe', 'squares')).stdout).toContain('squares  active')
      } finally {
        expect((await bare('storm', 'kill', 'squares', '--wait', '0s')).stdout).toBe('squares has stopped\n')
      }
      const ours = await bare('submit', file)
      expect(ours.code).toBe(2)
      expect(ours.stderr).toContain("'mix' has components of ours")
    })
  },
)
