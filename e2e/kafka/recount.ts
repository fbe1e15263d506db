import { type Log, type LogRecord, fromRecord } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import { expect } from 'vitest'
import type { KafkaFabric } from './fabric.ts'
import type { KeyedTraffic } from './keyed-traffic.ts'

interface Counted {
  readonly i: number
  readonly count: number
}

/** How long nothing may come out before a test gives up, in ms: two sessions of a worker, and a start on a busy machine. */
const patienceMs = 90_000

/**
 * Waits until as much has come out as went in, and compares: what was acknowledged is in the input, each event once and in the
 * order of its key; and both topologies have put out what a recount of the input says, in the same order.
 */
export async function recount(
  brokers: readonly string[],
  fabric: KafkaFabric,
  traffic: KeyedTraffic,
): Promise<void> {
  const log = await openKafkaLog({ brokers })
  try {
    const input = byKey(await readAll(log, fabric.input, traffic.total), dataOf)
    for (const [key, count] of traffic.acknowledged)
      expect(
        input.get(key)?.map(({ i }) => i),
        `${key} in the input`,
      ).toEqual(upTo(count))
    const copied = byKey(await readAll(log, fabric.copied, traffic.total), dataOf)
    const counted = byKey(await readAll(log, fabric.counted, traffic.total), dataOf<Counted>)
    for (const [key, events] of input) {
      expect(
        copied.get(key)?.map(({ i }) => i),
        `${key} as it was copied`,
      ).toEqual(events.map(({ i }) => i))
      expect(
        counted.get(key)?.map(({ i, count }) => [i, count]),
        `${key} as it was counted`,
      ).toEqual(events.map(({ i }, at) => [i, at + 1]))
    }
    expect([copied.size, counted.size]).toEqual([input.size, input.size])
  } finally {
    await log.close()
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** What was published, or what a fold has made of it. */
function dataOf<T extends { readonly i: number } = { readonly i: number }>(record: LogRecord): T {
  const data = fromRecord(record, { topic: '', partition: 0 }).data as T | { readonly value: T }
  return 'value' in data ? data.value : data
}

function byKey<T>(records: readonly LogRecord[], read: (record: LogRecord) => T): Map<string, T[]> {
  const found = new Map<string, T[]>()
  for (const record of records) {
    const key = Buffer.from(record.key!).toString()
    const values = found.get(key)
    if (values === undefined) found.set(key, [read(record)])
    else values.push(read(record))
  }
  return found
}

/** All records of a topic, when there are at least so many, and then what is there besides. */
export async function readAll(log: Log, topic: string, wanted: number): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = []
  const places = (await log.partitions(topic)).map(({ partition }) => ({ topic, partition, offset: 0 }))
  let moved = Date.now()
  for (;;) {
    const enough = records.length >= wanted
    const fetched = await log.read(places, { waitMs: enough ? 500 : 2_000, maxBytes: 8 * 2 ** 20 })
    for (const { partition, records: some, nextOffset } of fetched) {
      records.push(...some)
      places[partition]!.offset = nextOffset
    }
    if (fetched.some(({ records: some }) => some.length > 0)) moved = Date.now()
    else if (enough) return records
    else if (Date.now() - moved > patienceMs)
      throw new Error(`only ${records.length} of ${wanted} records came into ${topic}`)
  }
}
