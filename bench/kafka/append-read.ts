import type { Log } from '@heddle/core'
import type { Report } from '../lib/figure.ts'
import { sideBySide } from '../lib/measure.ts'
import { bareConsume, bareProducer } from './bare.ts'
import type { Bench } from './bench.ts'
import { type Batch, batch, batchRecords, recordBytes, records } from './payload.ts'

const rounds = 5
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
  const side = (send: (topic: string, batch: Batch) => Promise<unknown>) => async (): Promise<number> => {
    // A topic of its own for each round, so that both sides write to an empty one.
    const topic = `append-${inFlight}-${round++}`
    await log.createTopic(topicOf(topic))
    await send(topic, batch)
    const ms = await timed(() => sendAll((some) => send(topic, some), inFlight))
    await log.deleteTopic(topic)
    return (records / ms) * 1000
  }
  const measured = await sideBySide(rounds, {
    ours: side((topic, some) => log.append(topic, some)),
    reference: side((topic, some) => bare.send(topic, some)),
  })
  await bare.close()
  report({
    figure: `append with acks=all, ${inFlight === 1 ? 'one batch' : `${inFlight} batches`} under way`,
    unit: 'records/s',
    ...measured,
    atLeast: 0.9,
    conditions: { ...conditions, acks: 'all, idempotent', rounds: measured.rounds },
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
  const measured = await sideBySide(rounds, {
    ours: async () => (records / (await timed(() => readAll(log, topic)))) * 1000,
    reference: async () => (records / (await bareConsume(brokers, topic))) * 1000,
  })
  await log.deleteTopic(topic)
  report({
    figure: 'read',
    unit: 'records/s',
    ...measured,
    atLeast: 0.9,
    conditions: {
      ...conditions,
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

async function timed(handle: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await handle()
  return performance.now() - began
}
