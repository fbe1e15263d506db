// A topology without code: orders.yaml has the routes, and beside them the tests that say what they do. From the command line:
//   heddle test examples/5-yaml/orders.yaml
//   heddle dev examples/5-yaml/orders.yaml
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@heddle/client'
import { createFabric } from 'heddle'
import { runTopologyTests } from 'heddle/testing'

const orders = fileURLToPath(new URL('orders.yaml', import.meta.url))

// Its own tests, in virtual time.
const results = await runTopologyTests(orders)
for (const { name, failures } of results) console.log(failures.length === 0 ? '✓' : '✗', name, ...failures)
assert.equal(results.length, 2)
assert.ok(results.every(({ failures }) => failures.length === 0))

// The same file in a fabric that runs.
const folder = mkdtempSync(join(tmpdir(), 'heddle-yaml-'))
const fabric = await createFabric({ data: folder, http: { port: 0 }, topologies: [orders] })
const client = createClient({ url: fabric.url })
const order = { id: 'c', country: 'US', items: [] }
await client.publish('orders', [{ type: 'order.placed', data: order }])
for await (const { event } of client.subscribe('orders.world', { from: 'earliest' })) {
  console.log('into the world:', event.data)
  assert.deepEqual(event.data, order)
  break
}
await client.close()
await fabric.close()
rmSync(folder, { recursive: true })
