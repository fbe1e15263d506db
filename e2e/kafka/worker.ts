import type { Store, TopicPartition } from '@heddle/core'
// A worker of the exactly-once test: reads `in`, counts by key in a store of each partition, and writes each record with
// its count to `out`; offsets, records and counts in one transaction. Arguments: brokers, group, topics in and out, folder.
import { openKafkaLog } from '@heddle/log/kafka'

const [brokers, group, input, output, statePath] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]
const log = await openKafkaLog({ brokers: brokers.split(','), statePath, transactionTimeoutMs: 5_000 })

interface Lane {
  offset: number
  readonly store: Store
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`
const lanes = new Map<string, Lane>()

const member = await log.joinGroup({
  group,
  topics: [input],
  sessionTimeoutMs: 2_000,
  onAssigned: async (partitions) => {
    const committed = await member.committed(partitions)
    for (const place of partitions) {
      const store = await log.store(`${group}-${place.partition}`)
      const offset = committed.find(({ partition }) => partition === place.partition)?.offset ?? 0
      lanes.set(keyOf(place), { offset, store })
    }
  },
  onRevoked: async (partitions) => {
    for (const place of partitions) lanes.delete(keyOf(place))
    await working
  },
  onLost: (partitions) => {
    for (const place of partitions) lanes.delete(keyOf(place))
  },
})

let transactor = await log.transactor(`${group}-${process.pid}`)
let working: Promise<void> = Promise.resolve()

async function round(): Promise<void> {
  const positions = [...lanes].map(([key, { offset }]) => ({
    topic: input,
    partition: Number(key.split('/')[1]),
    offset,
  }))
  if (positions.length === 0) return
  const fetched = await log.read(positions, { waitMs: 100, maxRecords: 40 })
  const transaction = transactor.begin()
  const next: [Lane, number][] = []
  for (const { topic, partition, records, nextOffset } of fetched) {
    const lane = lanes.get(keyOf({ topic, partition }))
    // It was given up while the read was under way.
    if (
      lane === undefined ||
      positions.find((position) => position.partition === partition)?.offset !== lane.offset
    )
      continue
    const counts = new Map<string, number>()
    for (const { key, value } of records) {
      const name = Buffer.from(key!).toString()
      const count = (counts.get(name) ?? Number(Buffer.from(lane.store.get(name) ?? '0').toString())) + 1
      counts.set(name, count)
      transaction.append(output, [{ key: name, value: `${Buffer.from(value!).toString()} ${count}` }])
    }
    for (const [name, count] of counts) transaction.put(lane.store, name, Buffer.from(String(count)))
    transaction.commitOffsets(member, [{ topic, partition, offset: nextOffset }])
    next.push([lane, nextOffset])
  }
  try {
    await transaction.commit()
    for (const [lane, offset] of next) lane.offset = offset
  } catch (error) {
    // Fenced or failed: nothing of it was kept; from the offsets and the state that were.
    process.stderr.write(`${process.pid} ${String(error)}\n`)
    await transactor.close().catch(() => undefined)
    transactor = await log.transactor(`${group}-${process.pid}`)
    const committed = await member.committed(member.assignment)
    for (const [key, lane] of lanes) {
      const found = committed.find(({ topic, partition }) => keyOf({ topic, partition }) === key)
      lane.offset = found?.offset ?? 0
      await log.store(lane.store.name)
    }
  }
}

process.send?.('ready')
// The test may be over, and its end of the channel with it.
process.on('disconnect', () => process.exit(0))
for (;;) {
  working = round()
  await working
  if (lanes.size === 0) await new Promise((resolve) => setTimeout(resolve, 20))
}
