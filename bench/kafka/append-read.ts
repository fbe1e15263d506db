import type { Log } from '@heddle/core'
import type { Report } from '../lib/figure.ts'
import { median, sideBySide } from '../lib/measure.ts'
import { bareConsumer, bareProducer } from './bare.ts'
import type { Bench } from './bench.ts'
import { type Batch, batch, batchRecords, recordBytes, records } from './payload.ts'

const rounds = 9
const partitions = 4

/** The topics are as Kafka has them: what is acknowledged is with the operating system of the broker. */
const topicOf = (name: string) => ({ name, partitions, durability: 'os' }) as const

const conditions = {
  payload: '1 KB, with a key',
  batch: batchRecords,
  records: `${records} a round`,
  partitions,
  brokers: 1,
  against: 'the bare client, @platformatic/kafka 2.12.1, on the same broker',
}

/** Ours beside the client that it is made with. */
export async function appendAndRead(report: Report, bench: Bench): Promise<void> {
  await append(report, bench, 1)
  await append(report, bench, 4)
  await read(report, bench)
}

async function append(report: Report, { log, brokers }: Bench, inFlight: number): Promise<void> {
  const bare = bareProducer(brokers)
  let round = 0
  const costs = new Costs()
  const side =
    (which: 'ours' | 'theirs', send: (topic: string, batch: Batch) => Promise<unknown>) =>
    async (): Promise<number> => {
      // A topic of its own for each round, so that both sides write to an empty one.
      const topic = `append-${inFlight}-${round++}`
      await log.createTopic(topicOf(topic))
      await send(topic, batch)
      const rate = await costs.rate(which, () => sendAll((some) => send(topic, some), inFlight))
      await log.deleteTopic(topic)
      return rate
    }
  const measured = await sideBySide(rounds, {
    ours: side('ours', (topic, some) => log.append(topic, some)),
    reference: side('theirs', (topic, some) => bare.send(topic, some)),
  })
  await bare.close()
  report({
    figure: `append with acks=all, ${inFlight === 1 ? 'one batch' : `${inFlight} batches`} under way`,
    unit: 'records/s',
    ...measured,
    atLeast: 0.9,
    conditions: { ...conditions, ...costs.conditions, acks: 'all, idempotent', rounds: measured.rounds },
  })
}

async function sendAll(send: (some: Batch) => Promise<unknown>, inFlight: number): Promise<void> {
  let left = records / batchRecords
  const worker = async (): Promise<void> => {
    while (left-- > 0) await send(batch)
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}

async function read(report: Report, { log, brokers }: Bench): Promise<void> {
  const topic = 'read'
  await log.createTopic(topicOf(topic))
  await sendAll((some) => log.append(topic, some), 4)
  const costs = new Costs()
  const measured = await sideBySide(rounds, {
    ours: () => costs.rate('ours', () => readAll(log, topic)),
    reference: async () => {
      const consumer = await bareConsumer(brokers, topic)
      const rate = await costs.rate('theirs', consumer.readAll)
      await consumer.close()
      return rate
    },
  })
  await log.deleteTopic(topic)
  report({
    figure: 'read',
    unit: 'records/s',
    ...measured,
    atLeast: 0.9,
    conditions: {
      ...conditions,
      ...costs.conditions,
      isolation: 'read_committed',
      touched: 'offset, key and value of each record',
      rounds: measured.rounds,
    },
  })
}

async function readAll(log: Log, topic: string): Promise<void> {
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 }))
  let count = 0
  let bytes = 0
  while (count < records) {
    for (const fetched of await log.read(places, { maxBytes: 4 * 2 ** 20, waitMs: 1_000 })) {
      for (const record of fetched.records) {
        bytes += record.value!.length
        if (record.key!.length === 0) throw new Error('a key was lost')
      }
      count += fetched.records.length
      places[fetched.partition]!.offset = fetched.nextOffset
    }
  }
  if (bytes !== records * recordBytes) throw new Error(`${bytes} bytes came`)
}

/** What each side takes of this process's processors: a busy machine changes that less than the rates. */
class Costs {
  readonly #ours: number[] = []
  readonly #theirs: number[] = []

  /** Records a second of one side. */
  async rate(side: 'ours' | 'theirs', handle: () => Promise<unknown>): Promise<number> {
    const cpu = process.cpuUsage()
    const began = performance.now()
    await handle()
    const ms = performance.now() - began
    const { user, system } = process.cpuUsage(cpu)
    const costs = side === 'ours' ? this.#ours : this.#theirs
    costs.push((user + system) / records)
    return (records / ms) * 1000
  }

  get conditions(): Record<string, number> {
    const digits = (costs: readonly number[]): number => Number(median(costs).toPrecision(3))
    return {
      'CPU of ours, µs a record': digits(this.#ours),
      'CPU of the bare client, µs a record': digits(this.#theirs),
    }
  }
}
