// A content-based router: each order goes one way, chosen by CEL, by a function, or because nothing else fits.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@heddle/client'
import { cel, createFabric, file, otherwise, topic, topology } from 'heddle'

interface Order {
  readonly country: string
  readonly total: number
}

const folder = mkdtempSync(join(tmpdir(), 'heddle-route-'))

const orders = topology('orders', { guarantee: 'exactly-once' })
  .from(topic<Order>('orders'))
  .route(
    {
      large: (order) => order.data.total >= 1000,
      eu: cel`event.data.country in ['DE', 'FR', 'NL']`,
      rest: otherwise,
    },
    {
      large: (s) => s.to(file(join(folder, 'large.jsonl'), { format: 'data' })),
      eu: (s) => s.to(topic('orders.eu')),
      rest: (s) => s.to(topic('orders.world')),
    },
  )

const fabric = await createFabric({ data: join(folder, 'data'), http: { port: 0 } }, { topologies: [orders] })
const client = createClient({ url: fabric.url })

const all: Order[] = [
  { country: 'DE', total: 5 },
  { country: 'US', total: 7 },
  { country: 'FR', total: 2000 },
  { country: 'NL', total: 9 },
]
await client.publish(
  'orders',
  all.map((data) => ({ type: 'order', data })),
)

const found: Record<string, Order[]> = { 'orders.eu': [], 'orders.world': [] }
for (const [name, count] of [
  ['orders.eu', 2],
  ['orders.world', 1],
] as const)
  for await (const { event } of client.subscribe<Order>(name, { from: 'earliest' }))
    if (found[name]!.push(event.data) === count) break

await client.close()
await fabric.close() // finishes what is under way: the file is complete
const large = readFileSync(join(folder, 'large.jsonl'), 'utf8')
rmSync(folder, { recursive: true })

console.log({ ...found, 'large.jsonl': large.trim() })
assert.deepEqual(new Set(found['orders.eu']!.map((order) => order.total)), new Set([5, 9]))
assert.deepEqual(found['orders.world'], [{ country: 'US', total: 7 }])
assert.equal(large, '{"country":"FR","total":2000}\n')
