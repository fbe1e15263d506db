import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { event, toRecord } from '@heddle/core'
import { createDelivery } from '@heddle/delivery'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { startProcess } from './start-process.ts'

const kills = 4
const keys = 10
const total = 400
const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`

const start = async (path: string): Promise<ChildProcess> =>
  (await startProcess(new URL('push-process.ts', import.meta.url), path)).child

/** Takes webhooks, some of which it is too busy for; keeps the order in which they were accepted. */
async function openEndpoint() {
  const webhook = new Webhook(secret)
  const accepted: { readonly key: string; readonly n: number }[] = []
  const wrong: string[] = []
  const heard: { at: number; tell: () => void }[] = []
  let requests = 0
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      if (++requests % 7 === 0) return void response.writeHead(503).end()
      try {
        const { data, partitionkey } = webhook.verify(body, request.headers as Record<string, string>) as {
          readonly data: number
          readonly partitionkey: string
        }
        accepted.push({ key: partitionkey, n: data })
      } catch (error) {
        wrong.push(String(error))
      }
      response.writeHead(204).end()
      for (const one of heard) if (accepted.length >= one.at) one.tell()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    accepted,
    wrong,
    /** Resolves when so many were accepted. */
    until: (at: number) =>
      new Promise<void>((resolve) => {
        heard.push({ at, tell: resolve })
        if (accepted.length >= at) resolve()
      }),
    async close(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test(`killed ${kills} times while it pushes: each event is accepted at least once, in order by key, signed`, async () => {
  const path = await mkdtemp(join(tmpdir(), 'heddle-push-'))
  const endpoint = await openEndpoint()
  let child: ChildProcess | undefined
  try {
    const log = await openEmbeddedLog({ path })
    try {
      await log.createTopic({ name: 'in', partitions: 2 })
      const delivery = createDelivery({ log })
      await delivery.create('hook', {
        topics: ['in'],
        retry: { attempts: 0, initialMs: 10, factor: 1, maxMs: 10 },
        push: { url: endpoint.url, secrets: [secret], timeoutMs: 600_000 },
      })
      await log.append(
        'in',
        Array.from({ length: total }, (_, n) =>
          toRecord(event({ id: `${n}`, source: '/p', type: 'n', partitionkey: `${n % keys}`, data: n })),
        ),
      )
      await delivery.close()
    } finally {
      await log.close()
    }
    for (let kill = 1; kill <= kills; kill++) {
      child = await start(path)
      await endpoint.until(endpoint.accepted.length + 20)
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    child = await start(path)
    const seen = (): number => new Set(endpoint.accepted.map(({ n }) => n)).size
    for (let count = endpoint.accepted.length; seen() < total; count++) await endpoint.until(count)

    expect(endpoint.wrong).toEqual([])
    const next = new Map<string, number>()
    const outOfOrder = endpoint.accepted.filter(({ key, n }) => {
      const expected = next.get(key) ?? Number(key)
      // The first time in order; a repeat after a kill begins with one that was accepted, and goes on in order.
      next.set(key, Math.max(expected, n + keys))
      return n > expected
    })
    expect(outOfOrder).toEqual([])
  } finally {
    child?.kill('SIGKILL')
    await endpoint.close()
    await rm(path, { recursive: true, force: true })
  }
}, 600_000)
