import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@heddle/core'
import type { HttpLimits } from '@heddle/gateway/http'
import { expect, test } from 'vitest'
import { call, event, ndjson, post, serve, structured } from './serve.ts'

/** Sends bytes as they are, and gives all that is answered until the gateway closes. */
async function raw(
  url: string,
  ...pieces: string[]
): Promise<{ status: number; problem: Record<string, unknown> }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  // A close while we still send.
  socket.on('error', () => undefined)
  for (const piece of pieces) socket.write(piece)
  await once(socket, 'close')
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  return { status: Number(text.slice(9, 12)), problem: JSON.parse(body) as Record<string, unknown> }
}

const head =
  'POST /topics/orders/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/cloudevents+json\r\n'

test.each([
  ['headers that never end', { headersTimeoutMs: 200 }, head, 408, 'HEDDLE_HTTP_TIMEOUT'],
  [
    'a body that never ends',
    { bodyTimeoutMs: 100 },
    `${head}content-length: 100\r\n\r\n{"spec`,
    408,
    'HEDDLE_HTTP_TIMEOUT',
  ],
  [
    'headers that are too large',
    { maxHeaderBytes: 2048 },
    `${head}x: ${'y'.repeat(4096)}\r\n\r\n`,
    431,
    'HEDDLE_HTTP_HEADERS_TOO_LARGE',
  ],
  ['what is not HTTP', {}, 'hello\r\n\r\n', 400, 'HEDDLE_HTTP_BAD_REQUEST'],
  [
    'a body that is announced too large',
    { maxBodyBytes: 10 },
    `${head}content-length: 100\r\n\r\n`,
    413,
    'HEDDLE_HTTP_BODY_TOO_LARGE',
  ],
  [
    'a body that becomes too large',
    { maxBodyBytes: 10 },
    `${head}transfer-encoding: chunked\r\n\r\n14\r\n${'x'.repeat(20)}\r\n`,
    413,
    'HEDDLE_HTTP_BODY_TOO_LARGE',
  ],
] as const satisfies readonly (readonly [string, Partial<HttpLimits>, string, number, string])[])(
  '%s',
  async (_, limits, bytes, status, code) => {
    await using served = await serve({ limits })
    expect(await raw(served.url, bytes)).toMatchObject({ status, problem: { code, status } })
    expect((await call(`${served.url}/health/live`)).status).toBe(200)
  },
)

/** The log, but appends wait until they are let go. */
function holding(log: Log): { log: Log; begun: Promise<void>; letGo: () => void } {
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const held = new Proxy(log, {
    get(target, name) {
      if (name === 'append') {
        return async (...args: Parameters<Log['append']>) => {
          begun.resolve()
          await gate.promise
          return target.append(...args)
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { log: held, begun: begun.promise, letGo: gate.resolve }
}

test('more bytes under way than can be held: come later', async () => {
  await using served = await serve()
  const held = holding(served.log)
  await using busy = await serve({ log: held.log, limits: { maxPendingBytes: 1_000 } })
  const first = post(busy.events, structured, event(1, { data: 'x'.repeat(800) }))
  await held.begun
  const second = await post(busy.events, structured, event(2, { data: 'x'.repeat(300) }))
  expect(second).toMatchObject({ status: 503, body: { code: 'HEDDLE_HTTP_UNAVAILABLE' } })
  expect(second.headers.get('retry-after')).toBe('1')
  held.letGo()
  expect((await first).status).toBe(201)
  expect((await post(busy.events, structured, event(2, { data: 'x'.repeat(300) }))).status).toBe(201)
})

test('a stop answers what is under way, takes nothing new, and ends', async () => {
  await using served = await serve()
  const held = holding(served.log)
  await using stopping = await serve({ log: held.log })
  const publish = post(stopping.events, structured, event(1))
  await held.begun
  const closed = stopping.gateway.close()
  await expect(fetch(`${stopping.url}/topics`)).rejects.toThrow('fetch failed')
  held.letGo()
  expect((await publish).status).toBe(201)
  await closed
  expect((await served.log.partitions('orders')).reduce((sum, { latest }) => sum + latest, 0)).toBe(1)
})

test('a stop does not wait longer than it may', async () => {
  await using served = await serve()
  const held = holding(served.log)
  await using stopping = await serve({ log: held.log, limits: { drainMs: 50 } })
  const publish = post(stopping.events, structured, event(1)).catch((error: unknown) => error)
  await held.begun
  await stopping.gateway.close()
  expect(await publish).toBeInstanceOf(Error)
  held.letGo()
})

test('a connection that is kept over a stop is told that it is over', async () => {
  await using served = await serve()
  const held = holding(served.log)
  await using stopping = await serve({ log: held.log })
  const body = JSON.stringify(event(1))
  const request = `${head}content-length: ${body.length}\r\n\r\n${body}`
  const socket = connect(Number(new URL(stopping.url).port), '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  // Two at once on one connection: the second is seen when the first is answered, and then it is too late.
  socket.write(request + request.replace('"1"', '"2"'))
  await held.begun
  const closed = stopping.gateway.close()
  held.letGo()
  await once(socket, 'close')
  await closed
  expect(text.match(/HTTP\/1\.1 \d+/g)![0]).toBe('HTTP/1.1 201')
})

test('an NDJSON body of any length is taken no faster than it is stored', async () => {
  await using served = await serve({}, 1)
  const held = holding(served.log)
  await using slow = await serve({ log: held.log })
  const lines = 40_000
  // The same event again and again: repeats cost the log no disk.
  const piece = Buffer.from(`${JSON.stringify(event(1, { data: 'x'.repeat(1_900) }))}\n`.repeat(100))
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === lines) return controller.close()
      sent += 100
      controller.enqueue(piece)
    },
  })
  const init: RequestInit = { method: 'POST', headers: ndjson, body, duplex: 'half' }
  const response = await fetch(slow.events, init)
  await held.begun
  // Time enough for all 80 MB, if nothing held them back; what is taken fills sockets, and four appends.
  await sleep(500)
  expect(sent * 2_000).toBeLessThan(20_000_000)
  held.letGo()
  const results = (await response.text()).trimEnd().split('\n')
  expect(JSON.parse(results.pop()!)).toEqual({ done: true, stored: 1, duplicates: lines - 1, failed: 0 })
  expect(results.every((result, at) => result.startsWith(`{"line":${at + 1},"status":20`))).toBe(true)
})
