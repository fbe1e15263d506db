// A topology in a program of your own: events go in, are changed, and come out.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@heddle/client'
import { createFabric, topic, topology } from 'heddle'

interface Person {
  readonly name: string
}

const hello = topology('hello')
  .from(topic<Person>('people'))
  .map((event) => `Hello ${event.data.name}!`)
  .to(topic('greetings'))

const data = mkdtempSync(join(tmpdir(), 'heddle-hello-'))
const fabric = await createFabric({ data, http: { port: 0 } }, { topologies: [hello] })
const client = createClient({ url: fabric.url })

await client.publish('people', { type: 'person', data: { name: 'Ada' } })
await client.publish('people', { type: 'person', data: { name: 'Grace' } })

const greetings: string[] = []
for await (const { event } of client.subscribe<string>('greetings', { from: 'earliest' })) {
  console.log(event.data)
  greetings.push(event.data)
  if (greetings.length === 2) break
}
assert.deepEqual(greetings.toSorted(), ['Hello Ada!', 'Hello Grace!'])

await client.close()
await fabric.close()
rmSync(data, { recursive: true })
