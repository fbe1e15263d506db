import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Log, type Windowed, event, fromRecord, toRecord } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { heddle } from '../house/cli.ts'
import { type TestKafka, startTestKafka } from '../kafka/test-kafka.ts'
import { type TestStorm, startTestStorm } from './test-storm.ts'
import type { Counted } from './times.topology.ts'

const file = fileURLToPath(new URL('times.topology.ts', import.meta.url))

// Workers, which are JVMs with processes of Node, start again.
const timeout = 400_000
const start = Date.UTC(2026, 0, 1)
const keys = ['a', 'b', 'c']
const input = 'times.hits'
const output = 'times.minutes'

type Minute = Windowed<string, Counted>

/** So many of the output, as soon as they are there. */
async function minutesIn(log: Log, count: number): Promise<readonly Minute[]> {
  const found: Minute[] = []
  for (let offset = 0; found.length < count;)
    for (const part of await log.read([{ topic: output, partition: 0, offset }], { waitMs: 1000 })) {
      found.push(...part.records.map((record) => fromRecord(record, part).data as Minute))
      offset = part.nextOffset
    }
  return found
}

describe.runIf(servicesAvailable('storm') && servicesAvailable('kafka'))(
  'event time on a real Storm',
  { timeout },
  () => {
    let kafka: TestKafka
    let storm: TestStorm
    let log: Log
    let statePath: string
    beforeAll(async () => {
      ;[kafka, storm] = await Promise.all([startTestKafka(), startTestStorm()])
      statePath = await mkdtemp(join(tmpdir(), 'heddle-times-'))
      log = await openKafkaLog({ brokers: kafka.brokers, statePath })
      // Of a run before, on services that run already.
      for (const task of ['tens/0', 'tens/1', 'minutes/0']) await log.deleteStore(`times/${task}`)
      for (const component of ['tens', 'minutes'])
        if (await log.describeTopic(`times.${component}.outputs`))
          await log.deleteTopic(`times.${component}.outputs`)
      for (const [name, partitions] of [
        [input, 2],
        [output, 1],
      ] as const) {
        if (await log.describeTopic(name)) await log.deleteTopic(name)
        await log.createTopic({ name, partitions })
      }
    }, 240_000)
    afterAll(async () => {
      await log?.close()
      await storm?.stop()
      await kafka?.stop()
      if (statePath) await rm(statePath, { recursive: true })
    })

    /** A second of event time: a hit of each key in each partition. */
    const second = (s: number) =>
      keys.flatMap((key) =>
        [0, 1].map((partition) => {
          const time = new Date(start + s * 1000).toISOString()
          return { ...toRecord(event({ type: 'hit', source: '/times', time, data: key })), partition }
        }),
      )
    const publish = async (from: number, to: number): Promise<void> => {
      for (let s = from; s < to; s++) await log.append(input, second(s))
    }
    const cluster = (): string[] => ['--engine', storm.url, '--log', `kafka://${kafka.brokers.join(',')}`]

    test('windows count what a recount counts, when their processes are killed', async () => {
      const submitted = await heddle(['submit', file, '--node', process.execPath, ...cluster()])
      expect(submitted).toMatchObject({ code: 0, stderr: '' })
      // A second behind a minute closes it.
      await publish(0, 61)
      const [first] = await minutesIn(log, keys.length)
      expect(first!.value.pids.length).toBeGreaterThan(1)
      // With the next minute under way: all of the worker ends with any of its processes.
      await publish(61, 150)
      process.kill(first!.value.pids[0]!, 'SIGKILL')
      await publish(150, 181)
      const minutes = await minutesIn(log, 3 * keys.length)
      const last = minutes.findLast(({ key }) => key === first!.key)!
      expect(last.value.pids.some((pid) => !first!.value.pids.includes(pid))).toBe(true)
      expect(
        minutes
          .map(({ key, window, value }) => `${key} ${(window.start - start) / 60_000} ${value.hits}`)
          .toSorted(),
      ).toEqual(keys.flatMap((key) => [0, 1, 2].map((minute) => `${key} ${minute} 120`)))
      expect(await heddle(['storm', 'kill', 'times', ...cluster()])).toMatchObject({ code: 0, stderr: '' })
      const [{ latest } = { latest: 0 }] = await log.partitions(output)
      expect(latest).toBe(minutes.length)
    })
  },
)
