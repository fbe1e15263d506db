// Events are counted by key, in windows of the time at which they happened; exactly once. They are there before the
// topology is: it catches up with them, and event time with it.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@heddle/client'
import { type Windowed, createFabric, topic, topology, tumbling } from 'heddle'

interface Visit {
  readonly page: string
}

const visits = topology('visits', { guarantee: 'exactly-once', idleAfter: '200ms' })
  .from(topic<Visit>('visits'))
  .keyBy((visit) => visit.data.page)
  .window(tumbling('1m'))
  .count()
  .to(topic('visits.per-minute'))

const data = mkdtempSync(join(tmpdir(), 'heddle-window-'))
const fabric = await createFabric({
  data,
  http: { port: 0 },
  topics: [{ name: 'visits', partitions: 1 }],
})
const client = createClient({ url: fabric.url })

// An hour ago: the windows are over as soon as no more events come for a while (`idleAfter`).
const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000
const at = (seconds: number, page: string) => ({
  type: 'visit',
  time: new Date(hour + seconds * 1000).toISOString(),
  data: { page },
})
await client.publish('visits', [
  at(1, '/'),
  at(2, '/'),
  at(59, '/docs'),
  at(60, '/'),
  at(61, '/docs'),
  at(62, '/'),
])

await fabric.engine.submit(visits)

const counts: string[] = []
for await (const { event } of client.subscribe<Windowed<string, number>>('visits.per-minute', {
  from: 'earliest',
})) {
  const { key, window, value } = event.data
  counts.push(`minute ${(window.start - hour) / 60_000}: ${key} ${value}`)
  if (counts.length === 4) break
}
counts.sort()
console.log(counts.join('\n'))
assert.deepEqual(counts, ['minute 0: / 2', 'minute 0: /docs 1', 'minute 1: / 2', 'minute 1: /docs 1'])

await client.close()
await fabric.close()
rmSync(data, { recursive: true })
