import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Log, type StandbyCopy, fromRecord, toRecord } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { readAll } from './recount.ts'
import { type TestKafka, startTestKafka } from './test-kafka.ts'

const script = fileURLToPath(new URL('standby-worker.ts', import.meta.url))
const keys = 2000

type Said =
  | { readonly standby: readonly StandbyCopy[] }
  | { readonly restored: string; readonly records: number }

class Worker {
  readonly process: ChildProcess
  standby: readonly StandbyCopy[] = []
  readonly restored: { readonly restored: string; readonly records: number }[] = []

  constructor(args: readonly string[]) {
    this.process = fork(script, args, {
      execArgv: ['--conditions=@heddle/source'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.process.on('message', (said: Said) => {
      if ('standby' in said) this.standby = said.standby
      if ('restored' in said) this.restored.push(said)
    })
  }

  /** Resolves when it has said something of which `is` is true. */
  async until(is: () => boolean): Promise<void> {
    while (!is()) await once(this.process, 'message')
  }
}

describe.runIf(servicesAvailable('kafka'))('three processes, each with a copy of each store', () => {
  let kafka: TestKafka
  let folder: string
  let log: Log
  beforeAll(async () => {
    kafka = await startTestKafka()
    folder = await mkdtemp(join(tmpdir(), 'heddle-kafka-'))
    log = await openKafkaLog({ brokers: kafka.brokers })
  })
  afterAll(async () => {
    await log.close()
    await kafka.stop()
    await rm(folder, { recursive: true })
  })

  it(
    'take over what a killed one had with hardly anything to read, and count on',
    { timeout: 240_000 },
    async () => {
      const run = Date.now().toString(36)
      const [name, input, output] = [`standby-${run}`, `in-${run}`, `out-${run}`]
      await log.createTopic({ name: input, partitions: 4 })
      await log.createTopic({ name: output, partitions: 4 })
      let sent = 0
      const send = async (count: number): Promise<void> => {
        const events = Array.from({ length: count }, () => {
          const key = `key-${sent % keys}`
          return {
            specversion: '1.0',
            id: String(sent++),
            source: '/test',
            type: 'counted',
            partitionkey: key,
            data: { key },
          } as const
        })
        await log.append(
          input,
          events.map((event) => toRecord(event)),
        )
      }
      const start = (instance: string): Worker =>
        new Worker([kafka.brokers.join(','), name, input, output, join(folder, instance), instance])
      const workers = ['a', 'b', 'c'].map(start)
      try {
        await send(keys)
        await readAll(log, output, sent)
        // Of each of the four shares two copies, since the brokers decide who takes over; and up to date: nothing more is sent now.
        const isKept = (): boolean => {
          const kept = workers.flatMap(({ standby }, worker) =>
            standby.map(({ store }) => `${worker} ${/\/(\d+)(\/|$)/.exec(store)?.[1]}`),
          )
          const copies = workers.flatMap(({ standby }) => standby)
          return new Set(kept).size === 8 && copies.every(({ behind }) => behind === 0)
        }
        await Promise.all(workers.map((worker) => worker.until(isKept)))

        const [victim, ...others] = workers
        const before = others.map(({ restored }) => restored.length)
        victim!.process.kill('SIGKILL')
        await once(victim!.process, 'exit')
        await send(keys)
        const counts = await readAll(log, output, sent)
        const highest = new Map<string, number>()
        for (const record of counts) {
          const key = Buffer.from(record.key!).toString()
          const count = fromRecord(record, { topic: '', partition: 0 }).data as number
          highest.set(key, Math.max(highest.get(key) ?? 0, count))
        }
        expect([counts.length, highest.size, new Set(highest.values())]).toEqual([sent, keys, new Set([2])])
        const taken = others.flatMap(({ restored }, at) => restored.slice(before[at]))
        const read = taken.reduce((sum, { records }) => sum + records, 0)
        // A copy has all but what came in the last moment; without one, all keys of the share would have been read.
        expect(read).toBeLessThan(keys / 20)
      } finally {
        for (const worker of workers) worker.process.kill('SIGKILL')
      }
    },
  )
})
