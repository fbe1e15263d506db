// Appends one batch after the other, and notes each answer in a file, so that a trace of system calls shows the order of
// both; then ends.

import { openSync, writeSync } from 'node:fs'
import { openEmbeddedLog } from '@heddle/log/embedded'

const { path, acks, appends } = JSON.parse(process.argv[2]!) as {
  path: string
  acks: string
  appends: number
}
const file = openSync(acks, 'w')
const log = await openEmbeddedLog({ path, maintenanceMs: 0 })
await log.createTopic({ name: 't', partitions: 2, retention: { bytes: 60_000 } })
let next = 0
async function append(partition: number): Promise<void> {
  while (next < appends) {
    const number = next++
    // Large and small, so that some batches have pages of their own and others share one.
    const value = `${number}`.padEnd(number % 3 === 0 ? 9000 : 300)
    const [answer] = await log.append('t', [{ partition, value }])
    writeSync(file, `${JSON.stringify([partition, answer!.offset, number])}\n`)
    // Frees pages, which later commits write over: the ones that a careless order would destroy.
    if (number % 20 === 19) await log.maintain()
  }
}
await Promise.all([append(0), append(1), append(0)])
await log.close()
