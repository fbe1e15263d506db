import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Received, createClient } from '@heddle/client'
import { expect, test } from 'vitest'

/** How often the gateway is killed. */
const kills = process.env['CI'] ? 50 : 12
const publishers = 4

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function start(path: string, port: number): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('gateway-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@heddle/source', file, path, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

test(`killed ${kills} times: what was acknowledged is read, once, by a reader that resumes`, async () => {
  const path = await mkdtemp(join(tmpdir(), 'heddle-crash-'))
  const port = await freePort()
  let gateway = await start(path, port)
  const retry = { baseMs: 5, maxMs: 100, attempts: 10_000 }
  const client = createClient({ url: `http://127.0.0.1:${port}`, retry, maxBatchEvents: 10 })

  const received: Received<{ publisher: number; n: number }>[] = []
  const stopReading = new AbortController()
  const reading = (async () => {
    const events = client.subscribe<{ publisher: number; n: number }>('orders', {
      from: 'earliest',
      signal: stopReading.signal,
    })
    for await (const one of events) received.push(one)
  })()

  const stopPublishing = new AbortController()
  const acknowledged: string[] = []
  const publishing = Array.from({ length: publishers }, async (_, publisher) => {
    for (let n = 0; !stopPublishing.signal.aborted; n++) {
      const id = `${publisher}-${n}`
      const { duplicate: _sentBefore, ...place } = await client.publish('orders', {
        id,
        source: '/crash',
        type: 'n',
        partitionkey: String(publisher),
        data: { publisher, n },
      })
      acknowledged.push(`${place.partition}:${place.offset} ${place.id}`)
    }
  })

  for (let kill = 0; kill < kills; kill++) {
    // After some traffic, at any moment of it.
    const enough = acknowledged.length + 40
    while (acknowledged.length < enough) await sleep(5)
    await sleep(Math.random() * 20)
    gateway.kill('SIGKILL')
    await once(gateway, 'exit')
    gateway = await start(path, port)
  }
  stopPublishing.abort()
  await Promise.all(publishing)

  // The reader is done when it has read to the end of each partition.
  const partitions = (await (await fetch(`http://127.0.0.1:${port}/topics/orders/partitions`)).json()) as {
    partitions: { latest: number }[]
  }
  const stored = partitions.partitions.reduce((sum, { latest }) => sum + latest, 0)
  while (received.length < stored) await sleep(10)
  stopReading.abort()
  await reading
  await client.close()
  gateway.kill('SIGKILL')
  await once(gateway, 'exit')
  await rm(path, { recursive: true })

  const read = received.map(({ event, offset, partition }) => `${partition}:${offset} ${event.id}`)
  expect(acknowledged.length).toBeGreaterThanOrEqual(kills * 40)
  expect(read.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(acknowledged.toSorted((a, b) => (a < b ? -1 : 1)))
  for (let publisher = 0; publisher < publishers; publisher++) {
    const numbers = received
      .filter(({ event }) => event.data.publisher === publisher)
      .map(({ event }) => event.data.n)
    expect(numbers).toEqual(numbers.map((_, at) => at))
  }
}, 300_000)
