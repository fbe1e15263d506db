// A member of a group: reads what it is assigned, commits, and says [ partition, offset ] for each record committed.

import { writeSync } from 'node:fs'
import type { TopicPartition } from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'

const { path } = JSON.parse(process.argv[2]!) as { path: string }
const say = (message: unknown): void => void writeSync(1, `${JSON.stringify(message)}\n`)

const log = await openEmbeddedLog({ path })
const next = new Map<number, number>()
const member = await log.joinGroup({
  group: 'g',
  topics: ['t'],
  // So long that only the death of its process can take anything from a member.
  sessionTimeoutMs: 3_600_000,
  onAssigned: async (partitions: readonly TopicPartition[]) => {
    const committed = await member.committed(partitions)
    for (const { partition } of partitions)
      next.set(partition, committed.find((offset) => offset.partition === partition)?.offset ?? 0)
    say({ assigned: partitions.map(({ partition }) => partition) })
  },
  onRevoked: (partitions) => {
    for (const { partition } of partitions) next.delete(partition)
  },
  onLost: (partitions) => {
    for (const { partition } of partitions) next.delete(partition)
  },
})
for (;;) {
  const positions = [...next].map(([partition, offset]) => ({ topic: 't', partition, offset }))
  const fetched = await log.read(positions, { waitMs: 20, maxRecords: 20 })
  for (const { partition, records, nextOffset } of fetched) {
    if (next.get(partition) !== records[0]?.offset) continue
    try {
      await member.commit([{ topic: 't', partition, offset: nextOffset }])
    } catch {
      // It was taken away meanwhile: whoever has it now does these records.
      continue
    }
    if (next.has(partition)) next.set(partition, nextOffset)
    for (const { offset } of records) say([partition, offset])
  }
}
