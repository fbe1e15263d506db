// Appends until the disk is full, says what was acknowledged, and goes on when it is told that there is room.

import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { isHeddleError } from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'

const { path } = JSON.parse(process.argv[2]!) as { path: string }
const say = (message: unknown): void => void writeSync(1, `${JSON.stringify(message)}\n`)

const log = await openEmbeddedLog({ path, maintenanceMs: 0 })
await log.createTopic({ name: 't', partitions: 1 })
let acknowledged = 0
const append = async (): Promise<void> => {
  await log.append('t', [{ value: `${acknowledged}`.padEnd(20_000) }])
  acknowledged++
}
const readable = async (): Promise<number> => {
  let offset = 0
  for (;;) {
    const [fetched] = await log.read([{ topic: 't', partition: 0, offset }])
    if (fetched === undefined) return offset
    for (const record of fetched.records)
      if (Number(Buffer.from(record.value!).toString()) !== record.offset)
        throw new Error(`wrong at ${record.offset}`)
    offset = fetched.nextOffset
  }
}
for (;;) {
  try {
    await append()
  } catch (error) {
    say({ full: isHeddleError(error) ? error.code : String(error), acknowledged, readable: await readable() })
    break
  }
}
// A second try fails in the same way, and does no harm.
await append().catch((error: unknown) => say({ again: isHeddleError(error) ? error.code : String(error) }))
process.stdin.resume()
await once(process.stdin, 'data')
await append()
await append()
say({ acknowledged, readable: await readable() })
await log.close()
process.exit(0)
