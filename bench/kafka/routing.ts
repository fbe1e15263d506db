import { join } from 'node:path'
import { type Log, event, toRecord } from '@heddle/core'
import type { Report } from '../lib/figure.ts'
import { median } from '../lib/measure.ts'
import { peer } from '../lib/peer.ts'
import type { Bench } from './bench.ts'
import { kafkajs, kafkajsSide } from './kafkajs.ts'
import { progressOf } from './progress.ts'
import { type Side, worker } from './side.ts'
import { streams, streamsSide } from './streams.ts'
import type { Order, Routing } from './topologies.ts'

/** Enough for Java to be warm long before the half of them. */
const orders = 400_000
/** Between these it is measured: warm, and before there is nothing left to read. */
const warm = orders / 2
const nearEnd = orders * 0.95
const partitions = 4
const commitIntervalMs = 100
const rounds = 3

/** What a Streams application may be set to: its defaults, and batches and polls as large as ours. The better one counts. */
const settings = [{}, { 'producer.batch.size': 512 * 1024, 'consumer.max.poll.records': 5_000 }]

const conditions = {
  what: `filter, then to one of two topics by a field of the JSON; in and out ${partitions} partitions`,
  payload: '1 KB of JSON with the headers of an event',
  commit: `every ${commitIntervalMs} ms`,
  brokers: 1,
  measured: 'by committed offsets, once it is warm',
}

/** Read, process, write: ours beside Kafka Streams and beside kafkajs. */
export async function routing(report: Report, { log, brokers, folder }: Bench): Promise<void> {
  const classPath = await peer('Kafka Streams', streams)
  const module = await peer('kafkajs', kafkajs)
  if (classPath === undefined && module === undefined) return

  const input = 'orders'
  await fill(log, input)
  const progress = progressOf(brokers)
  let run = 0
  /** Records a second of a side, from one part of the input to another. */
  const measure = async (start: (routing: Routing) => Side, from: number, to: number): Promise<number> => {
    const name = `routing-${run++}`
    const [near, far] = [`${name}-near`, `${name}-far`]
    for (const topic of [near, far]) await log.createTopic({ name: topic, partitions, durability: 'os' })
    const side = start({ name, input, near, far, commitIntervalMs })
    try {
      return await progress.rate(side.group, from, to, side.failed)
    } finally {
      await side.stop()
      for (const topic of [near, far]) await log.deleteTopic(topic)
    }
  }

  const streamsRates = settings.map((): number[] => [])
  const kafkajsRates: number[] = []
  const mine: number[] = []
  for (let round = 0; round < rounds; round++) {
    if (classPath !== undefined)
      for (const [at, some] of settings.entries()) {
        const start = (each: Routing): Side =>
          streamsSide(classPath, brokers, join(folder, each.name), each, some)
        streamsRates[at]!.push(await measure(start, warm, nearEnd))
      }
    if (module !== undefined)
      kafkajsRates.push(await measure((each) => kafkajsSide(module, brokers, each), 3_000, 9_000))
    mine.push(
      await measure((each) => worker(brokers, join(folder, each.name), 'routes', each), warm, nearEnd),
    )
  }
  if (classPath !== undefined) {
    const medians = streamsRates.map(median)
    const reference = Math.max(...medians)
    const best = settings[medians.indexOf(reference)]!
    report({
      figure: 'read, route and write exactly once: Kafka Streams',
      unit: 'records/s',
      ours: median(mine),
      reference,
      atLeast: 0.8,
      conditions: {
        ...conditions,
        ours: 'one process, one thread',
        against: `Kafka Streams 4.3.1, exactly_once_v2, one process; the better of its defaults and larger batches: ${JSON.stringify(best)}`,
        rounds,
      },
    })
  }
  if (module !== undefined)
    report({
      figure: 'read, route and write exactly once: kafkajs that sends for each message',
      unit: 'records/s',
      ours: median(mine),
      reference: median(kafkajsRates),
      atLeast: 3,
      conditions: {
        ...conditions,
        against: 'kafkajs 2.2.4, eachMessage with an awaited send, acks=all, at-least-once',
        rounds,
      },
    })
  await progress.close()
  await log.deleteTopic(input)
}

async function fill(log: Log, topic: string): Promise<void> {
  await log.createTopic({ name: topic, partitions, durability: 'os' })
  const countries = ['DE', 'FR', 'PL']
  const note = 'x'.repeat(900)
  const many = 1_000
  for (let from = 0; from < orders; from += many)
    await log.append(
      topic,
      Array.from({ length: many }, (_, k) => {
        const n = from + k
        const data: Order = { total: n % 10, country: countries[n % 3]!, note }
        return toRecord(event({ type: 'order', partitionkey: `customer-${n}`, data }))
      }),
    )
}
