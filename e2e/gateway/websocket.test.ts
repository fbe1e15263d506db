import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { call, event, publishAll, serve } from './serve.ts'
import { type Message, Socket } from './test-socket.ts'

test('never more events than were granted, in order, each with where to go on', async () => {
  await using served = await serve({}, 1)
  await publishAll(
    served.events,
    Array.from({ length: 10 }, (_, at) => event(at, { data: at })),
  )
  const socket = new Socket(`${served.events}?from=earliest&credit=2`)
  expect(await socket.next()).toEqual({ type: 'open', cursor: '0:0' })
  expect((await socket.take(2)).map((message) => message['event'].id)).toEqual(['0', '1'])
  // The answer to a message comes after anything that was sent before it: had there been a third event, it were here.
  socket.send('marker')
  expect(await socket.next()).toMatchObject({
    type: 'refused',
    ref: null,
    error: { code: 'HEDDLE_HTTP_BAD_REQUEST' },
  })
  socket.send({ type: 'credit', events: 3 })
  const three = await socket.take(3)
  expect(three.map(({ cursor, offset, partition }) => ({ cursor, offset, partition }))).toEqual([
    { partition: 0, offset: 2, cursor: '0:3' },
    { partition: 0, offset: 3, cursor: '0:4' },
    { partition: 0, offset: 4, cursor: '0:5' },
  ])
  socket.send('marker')
  expect(await socket.next()).toMatchObject({ type: 'refused' })
  socket.socket.close()
  await socket.closed
  const again = new Socket(`${served.events}?cursor=0:5&credit=100`)
  await again.next()
  expect((await again.take(5)).map((message) => message['event'].id)).toEqual(['5', '6', '7', '8', '9'])
  again.socket.close()
})

test('publishes go over it too, each answered with its ref, and come back to its reader', async () => {
  await using served = await serve({}, 1)
  const socket = new Socket(`${served.events}?credit=10`)
  await socket.next()
  socket.send({ type: 'publish', ref: 'a', event: event(1, { data: { n: 1 } }) })
  socket.send({ type: 'publish', ref: 2, event: event(1) })
  socket.send({ type: 'publish', ref: 'c', event: { id: '' } })
  socket.send({ type: 'publish', ref: 'd' })
  socket.send({ type: 'shout', ref: 'e' })
  socket.send({ type: 'credit', events: -1, ref: 'f' })
  const all = await socket.take(7)
  const byRef = (ref: unknown): Message => all.find((message) => message['ref'] === ref)!
  expect(byRef('a')).toMatchObject({ type: 'published', topic: 'orders', partition: 0, offset: 0, id: '1' })
  expect(byRef(2)).toMatchObject({ type: 'published', offset: 0, duplicate: true })
  expect(byRef('c')).toMatchObject({
    type: 'refused',
    error: { code: 'HEDDLE_EVENT_INVALID', todo: expect.any(String) },
  })
  for (const ref of ['d', 'e', 'f'])
    expect(byRef(ref)).toMatchObject({ type: 'refused', error: { code: 'HEDDLE_HTTP_BAD_REQUEST' } })
  expect(all.find(({ type }) => type === 'event')).toMatchObject({
    offset: 0,
    event: { id: '1', data: { n: 1 } },
  })
  socket.socket.close()
})

test('what may not be upgraded is answered as HTTP', async () => {
  await using served = await serve()
  const status = (url: string, options: object = {}): Promise<number> =>
    new Promise((resolve) => {
      const socket = new WebSocket(url.replace('http', 'ws'), options)
      socket.on('unexpected-response', (request, response) => {
        resolve(response.statusCode!)
        request.destroy()
      })
      socket.on('error', () => undefined)
    })
  expect(await status(`${served.url}/topics/nope/events`)).toBe(404)
  expect(await status(`${served.url}/topics`)).toBe(404)
  expect(await status(`${served.events}?credit=x`)).toBe(400)
  expect(await status(`${served.url}/topics/%ff/events`)).toBe(400)
  expect(await status(`${served.events}?partition=0&offset=9`)).toBe(416)
  expect(await status(served.events, { origin: 'https://evil.example' })).toBe(403)
  const own = new Socket(served.events, { origin: served.url })
  expect(await own.next()).toMatchObject({ type: 'open' })
  own.socket.close()
})

test('when the gateway stops, it says so and closes with 1001', async () => {
  await using served = await serve()
  const socket = new Socket(served.events)
  await socket.next()
  const stopped = served.gateway.close()
  expect(await socket.next()).toMatchObject({ type: 'closing', error: { code: 'HEDDLE_HTTP_UNAVAILABLE' } })
  expect(await socket.closed).toEqual({ code: 1001, reason: 'HEDDLE_HTTP_UNAVAILABLE' })
  await stopped
})

test('a message that is too large ends the connection, and no other', async () => {
  await using served = await serve({ limits: { maxLineBytes: 1000 } })
  const socket = new Socket(served.events)
  await socket.next()
  socket.send({ type: 'publish', event: event(1, { data: 'x'.repeat(2000) }) })
  expect((await socket.closed).code).toBe(1009)
  expect((await call(`${served.url}/health/live`)).status).toBe(200)
})

test('a sender that is too fast is held back, and every publish is answered', async () => {
  await using served = await serve({ limits: { maxSocketPublishes: 4 } }, 1)
  const socket = new Socket(served.events)
  await socket.next()
  for (let at = 0; at < 500; at++) socket.send({ type: 'publish', ref: at, event: event(at) })
  const answers = await socket.take(500)
  expect(answers.every(({ type }) => type === 'published')).toBe(true)
  expect(new Set(answers.map(({ ref }) => ref as number)).size).toBe(500)
  expect((await served.log.partitions('orders'))[0]!.latest).toBe(500)
  socket.socket.close()
})
