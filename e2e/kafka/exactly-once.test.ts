import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Log } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KafkaOptions } from '../../tools/services/kafka/kafka.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, startTestKafka } from './test-kafka.ts'

const script = fileURLToPath(new URL('worker.ts', import.meta.url))
const partitions = 4
const keys = 25
const kills = 6

describe.runIf(servicesAvailable('kafka', 'kafka-3.9')).each<[string, KafkaOptions]>([
  ['groups of KIP-848 and transactions of KIP-890', {}],
  ['the protocols of before Kafka 4', { version: '3.9' }],
])('workers that are killed, and one that comes back as a zombie, by %s', (_, options) => {
  let kafka: TestKafka
  let folder: string
  beforeAll(async () => {
    kafka = await startTestKafka(options)
    folder = await mkdtemp(join(tmpdir(), 'heddle-kafka-'))
  })
  afterAll(async () => {
    await kafka.stop()
    await rm(folder, { recursive: true })
  })

  it('do every record once, with the state that belongs to it', async () => {
    const log = await openKafkaLog({ brokers: kafka.brokers })
    const run = Date.now().toString(36)
    const [input, output, group] = [`in-${run}`, `out-${run}`, `group-${run}`]
    await log.createTopic({ name: input, partitions })
    await log.createTopic({ name: output, partitions })

    let started = 0
    const start = async (): Promise<ChildProcess> => {
      const args = [kafka.brokers.join(','), group, input, output, join(folder, `state-${started++}`)]
      const child = fork(script, args, {
        execArgv: ['--conditions=@heddle/source'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      await once(child, 'message')
      return child
    }
    let workers: [ChildProcess, ChildProcess] = [await start(), await start()]
    let sent = 0
    const send = async (count: number): Promise<void> => {
      const records = Array.from({ length: count }, () => ({
        key: `key-${sent % keys}`,
        value: String(sent++),
      }))
      await log.append(input, records)
    }
    try {
      for (let kill = 0; kill < kills; kill++) {
        await send(400)
        await done(log, output, sent - 300)
        const [first, second] = workers
        if (kill === 2) {
          // Longer than its session: its partitions move, and it goes on as if nothing had been.
          first.kill('SIGSTOP')
          await done(log, output, sent)
          first.kill('SIGCONT')
          await send(200)
        } else {
          first.kill('SIGKILL')
          await once(first, 'exit')
          workers = [second, await start()]
        }
      }
      await send(200)
      await done(log, output, sent)
    } finally {
      for (const worker of workers) worker.kill('SIGKILL')
    }

    const seen = await all(log, output)
    expect(seen.length).toBe(sent)
    expect(new Set(seen.map(({ value }) => value.split(' ')[0])).size).toBe(sent)
    for (let key = 0; key < keys; key++) {
      const ofKey = seen.filter((record) => record.key === `key-${key}`)
      // In the order in which they were sent, each counted by the state that those before it had left.
      const wanted = Array.from({ length: ofKey.length }, (_, i) => `${key + i * keys} ${i + 1}`)
      expect(ofKey.map(({ value }) => value)).toEqual(wanted)
    }
    await log.close()
    // Six session timeouts and starts: only there for what hangs.
  }, 300_000)
})

async function all(log: Log, topic: string): Promise<{ key: string; value: string }[]> {
  const found: { key: string; value: string }[] = []
  for (const { partition, latest } of await log.partitions(topic)) {
    for (let offset = 0; offset < latest;) {
      const [fetched] = await log.read([{ topic, partition, offset }], { waitMs: 1_000 })
      if (fetched === undefined) break
      for (const { key, value } of fetched.records)
        found.push({ key: Buffer.from(key!).toString(), value: Buffer.from(value!).toString() })
      offset = fetched.nextOffset
    }
  }
  return found
}

/** Reads on until so many records are there. */
async function done(log: Log, topic: string, count: number): Promise<void> {
  const places = (await log.partitions(topic)).map(({ partition }) => ({ topic, partition, offset: 0 }))
  for (let seen = 0; seen < count;) {
    for (const { partition, records, nextOffset } of await log.read(places, { waitMs: 5_000 })) {
      seen += records.length
      places[partition]!.offset = nextOffset
    }
  }
}
