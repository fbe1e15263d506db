import { once } from 'node:events'
import { createServer } from 'node:http'
import { ClientError, type Received, createClient } from '@heddle/client'
import { isHeddleError } from '@heddle/core'
import { expect, expectTypeOf, test } from 'vitest'
import { flakyProxy } from './flaky-proxy.ts'
import { event, publishAll, serve } from './serve.ts'

const refusedWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof ClientError && error.code === code

/** The first `count` of an iteration. */
async function take<T>(events: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const one of events) if (taken.push(one) === count) break
  return taken
}

test('an event is published, and comes back as it was, with its place', async () => {
  await using served = await serve({}, 1)
  const client = createClient({ url: `${served.url}/` })
  const place = await client.publish('orders', {
    id: 'a',
    source: '/s',
    type: 'placed',
    subject: 'x',
    data: { total: 12 },
    tenant: 't1',
  })
  expect(place).toEqual({ topic: 'orders', partition: 0, offset: 0, id: 'a' })
  const [received] = await take(client.subscribe<{ total: number }>('orders', { from: 'earliest' }), 1)
  expect(received).toEqual({
    event: {
      specversion: '1.0',
      id: 'a',
      source: '/s',
      type: 'placed',
      subject: 'x',
      tenant: 't1',
      time: expect.any(String),
      traceparent: expect.any(String),
      data: { total: 12 },
    },
    partition: 0,
    offset: 0,
    cursor: '0:1',
  })
  expectTypeOf(received!).toEqualTypeOf<Received<{ total: number }>>()
  await client.close()
})

test('many get a result each, in order; a refused one does not hurt the others', async () => {
  await using served = await serve({}, 1)
  const client = createClient({ url: served.url })
  const results = await client.publish('orders', [
    { type: 'a', id: '1' },
    { type: '' },
    { type: 'b', id: '1' },
    { type: 'c', id: '3', data: new Uint8Array([1, 2]), datacontenttype: 'application/x' },
  ])
  expect(results).toEqual([
    { status: 'fulfilled', value: { topic: 'orders', partition: 0, offset: 0, id: '1' } },
    { status: 'rejected', reason: expect.toSatisfy(refusedWith('HEDDLE_EVENT_INVALID')) },
    { status: 'fulfilled', value: { topic: 'orders', partition: 0, offset: 0, id: '1', duplicate: true } },
    { status: 'fulfilled', value: { topic: 'orders', partition: 0, offset: 1, id: '3' } },
  ])
  expect((await take(client.subscribe('orders', { from: 'earliest' }), 2))[1]!.event.data).toEqual(
    new Uint8Array([1, 2]),
  )
})

test('what another attempt would not change is thrown at once, and core knows the error', async () => {
  await using served = await serve()
  const client = createClient({ url: served.url })
  const failure = await client.publish('ordres', { type: 'a' }).catch((error: unknown) => error)
  expect(failure).toSatisfy(refusedWith('HEDDLE_LOG_UNKNOWN_TOPIC'))
  expect(isHeddleError(failure, 'HEDDLE_LOG_UNKNOWN_TOPIC')).toBe(true)
  expect(failure).toMatchObject({
    kind: 'usage',
    status: 404,
    todo: expect.any(String),
    detail: "'ordres' (did you mean 'orders'?)",
  })
  await expect(take(client.subscribe('ordres'), 1)).rejects.toSatisfy(refusedWith('HEDDLE_LOG_UNKNOWN_TOPIC'))
  await expect(take(client.subscribe('orders', { filter: 'event.' }), 1)).rejects.toSatisfy(
    refusedWith('HEDDLE_EXPRESSION_INVALID'),
  )
  await expect(take(client.subscribe('orders', { cursor: '0:99' }), 1)).rejects.toSatisfy(
    refusedWith('HEDDLE_LOG_OFFSET_OUT_OF_RANGE'),
  )
  await client.close()
  await expect(client.publish('orders', { type: 'a' })).rejects.toSatisfy(refusedWith('HEDDLE_CLIENT_CLOSED'))
})

test('subscriptions filter, begin at a time, go on from a cursor, and end when told', async () => {
  await using served = await serve({}, 1)
  await publishAll(
    served.events,
    [1, 2, 3, 4].map((id) => event(id, { data: { id } })),
  )
  const client = createClient({ url: served.url })
  const even = await take(
    client.subscribe('orders', { from: new Date(0), filter: 'event.data.id in [2.0, 4.0]' }),
    2,
  )
  expect(even.map((received) => received.event.id)).toEqual(['2', '4'])
  expect(
    (await take(client.subscribe('orders', { cursor: even[0]!.cursor }), 2)).map(
      (received) => received.event.id,
    ),
  ).toEqual(['3', '4'])
  const stop = new AbortController()
  const seen: string[] = []
  for await (const received of client.subscribe('orders', { from: 'earliest', signal: stop.signal })) {
    seen.push(received.event.id)
    if (seen.length === 4) stop.abort()
  }
  expect(seen).toEqual(['1', '2', '3', '4'])
  const waiting = take(client.subscribe('orders'), 1)
  await client.close()
  expect(await waiting).toEqual([])
})

test('a busy gateway is asked again, after as long as it says, with the same events', async () => {
  const bodies: string[] = []
  const times: number[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      bodies.push(body)
      times.push(performance.now())
      if (bodies.length === 1) response.writeHead(503, { 'retry-after': '1' }).end('busy')
      else if (bodies.length === 2) response.destroy()
      else
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end('{"results":[{"status":201,"topic":"t","partition":0,"offset":0,"id":"x"}]}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const client = createClient({ url: `http://127.0.0.1:${port}`, retry: { baseMs: 1 } })
  await client.publish('t', { type: 'a' })
  expect(bodies).toHaveLength(3)
  expect(new Set(bodies).size).toBe(1)
  // Retry-After is a promise not to come earlier; how much later is not asked.
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(999)
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
  const gone = createClient({ url: `http://127.0.0.1:${port}`, retry: { attempts: 3, baseMs: 1 } })
  await expect(gone.publish('t', { type: 'a' })).rejects.toSatisfy(
    refusedWith('HEDDLE_CLIENT_REQUEST_FAILED'),
  )
})

test('events that wait are bounded', async () => {
  await using served = await serve()
  const client = createClient({ url: served.url, maxPendingEvents: 2 })
  const first = client.publish('orders', [{ type: 'a' }, { type: 'a' }])
  await expect(client.publish('orders', { type: 'a' })).rejects.toSatisfy(
    refusedWith('HEDDLE_CLIENT_BUFFER_FULL'),
  )
  expect((await first).every(({ status }) => status === 'fulfilled')).toBe(true)
  await client.publish('orders', { type: 'a' })
})

test('over a connection that is cut off at any byte: every event once, in order, on both ways', async () => {
  await using served = await serve({ limits: { sseRetryMs: 1 } }, 1)
  await using publishing = await flakyProxy(served.url, 20_000)
  await using reading = await flakyProxy(served.url, 20_000)
  const count = 2_000
  const retry = { baseMs: 1, maxMs: 20, attempts: 1_000 }
  const publisher = createClient({ url: publishing.url, retry, maxBatchEvents: 20 })
  const subscriber = createClient({ url: reading.url, retry })
  const received = take(subscriber.subscribe<number>('orders', { from: 'earliest' }), count)
  const results = await publisher.publish(
    'orders',
    Array.from({ length: count }, (_, data) => ({ type: 'n', source: '/test', data })),
  )
  expect(results.every(({ status }) => status === 'fulfilled')).toBe(true)
  const events = await received
  expect(events.map((one) => one.event.data)).toEqual(Array.from({ length: count }, (_, at) => at))
  expect(events.map(({ offset }) => offset)).toEqual(Array.from({ length: count }, (_, at) => at))
  expect(publishing.cuts).toBeGreaterThan(5)
  expect(reading.cuts).toBeGreaterThan(5)
  await subscriber.close()
  await publisher.close()
})
