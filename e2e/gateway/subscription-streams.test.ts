import { expect, test } from 'vitest'
import { call, event, post, publishAll, serve } from './serve.ts'
import { type SseBlock, blocks, openSse } from './stream-reader.ts'
import { type Message, Socket } from './test-socket.ts'

const json = { 'content-type': 'application/json' }
const put = (url: string, body: object) =>
  call(url, { method: 'PUT', headers: json, body: JSON.stringify(body) })

/** A gateway with a subscription of topic `orders`, which has one partition. */
async function serveMails(settings: object = {}, options: Parameters<typeof serve>[0] = {}) {
  const served = await serve(options, 1)
  const mails = `${served.url}/subscriptions/mails`
  await put(mails, { topics: ['orders'], leaseMs: 600_000, ...settings })
  return {
    mails,
    served,
    publish: (...ids: readonly string[]) =>
      publishAll(
        served.events,
        ids.map((id) => event(id)),
      ),
    settle: (body: object) => post(`${mails}/settle`, json, body),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  }
}

interface Given {
  readonly lease: string
  readonly attempt: number
  readonly event: { readonly id: string }
}

const given = (text: string): Given[] =>
  blocks(text)
    .filter(({ data, event: kind }: SseBlock) => data !== undefined && kind === undefined)
    .map(({ data }) => JSON.parse(data!) as Given)

test('SSE: no more than prefetch are out; what is settled makes room, what is not comes again', async () => {
  await using mails = await serveMails({ retry: { attempts: 9, initialMs: 0, factor: 1, maxMs: 0 } })
  await mails.publish('1', '2', '3')
  const stream = await openSse(`${mails.mails}/events?prefetch=2`)
  const two = given(await stream.until((text) => given(text).length >= 2))
  expect(two.map(({ event: { id } }) => id)).toEqual(['1', '2'])
  expect((await call(mails.mails)).body).toMatchObject({ leased: 2, ready: 1 })
  expect((await mails.settle({ ack: [two[0]!.lease], nack: [two[1]!.lease] })).body).toEqual({ lost: [] })
  const four = given(await stream.until((text) => given(text).length >= 4))
  expect(four.slice(2).map(({ attempt, event: { id } }) => [id, attempt])).toEqual(
    expect.arrayContaining([
      ['2', 2],
      ['3', 1],
    ]),
  )
  await stream.cancel()
  // What it had goes back; what it had longest counts as an attempt.
  const pulled = await call(`${mails.mails}/pull?max=9&wait=60000`, { method: 'POST' })
  const { events } = pulled.body as { readonly events: readonly Given[] }
  const more =
    events.length < 2 ? await call(`${mails.mails}/pull?wait=60000`, { method: 'POST' }) : undefined
  const all = [
    ...events,
    ...((more?.body as { readonly events: readonly Given[] } | undefined)?.events ?? []),
  ]
  expect(all.map(({ event: { id } }) => id).sort()).toEqual(['2', '3'])
}, 120_000)

test('WebSocket: events are given out and settled, and messages that make no sense are refused', async () => {
  await using mails = await serveMails()
  const socket = new Socket(`${mails.mails}/events?prefetch=1`)
  expect(await socket.next()).toEqual({ type: 'open' })
  await mails.publish('1', '2')
  const one = await socket.next()
  expect(one).toMatchObject({ type: 'event', attempt: 1, topic: 'orders', event: { id: '1' } })
  for (const [message, detail] of [
    ['nonsense', 'a message is a JSON object'],
    [{ type: 'ack', ref: 7 }, 'type must be settle'],
    [{ type: 'settle', ref: 7, acked: [] }, "'acked' is nothing"],
  ] as const) {
    socket.send(message)
    expect(await socket.next()).toMatchObject({
      type: 'refused',
      ref: typeof message === 'string' ? null : 7,
      error: { code: 'HEDDLE_HTTP_BAD_REQUEST', detail: expect.stringContaining(detail) },
    })
  }
  socket.send({ type: 'settle', ref: 'a', ack: [one['lease'], 'gone'] })
  const answers = await socket.take(2)
  const by = (type: string): Message => answers.find((answer) => answer['type'] === type)!
  expect(by('settled')).toEqual({ type: 'settled', ref: 'a', lost: ['gone'] })
  expect(by('event')).toMatchObject({ event: { id: '2' } })

  // One that says goodbye was well: what it had is as if it had not been given.
  const other = new Socket(`${mails.mails}/events`)
  await other.next()
  socket.socket.close(1000)
  expect(await other.next()).toMatchObject({ attempt: 1, event: { id: '2' } })
  // One that breaks off was perhaps broken by it.
  other.socket.terminate()
  const third = new Socket(`${mails.mails}/events`)
  await third.next()
  expect(await third.next()).toMatchObject({ attempt: 2, redelivered: true, event: { id: '2' } })
  third.socket.close()
}, 120_000)

test('streams of what is not there, or not allowed, are refused; they end when it is deleted, or the gateway stops', async () => {
  const deny = {
    authorize: () => ({ allow: false, reason: 'no' }) as const,
    quota: () => ({ allow: true }) as const,
  }
  await using closed = await serve({ guard: deny })
  await using mails = await serveMails({}, { limits: { heartbeatMs: 1_000 } })
  const refused = (url: string): Promise<number> =>
    new Promise((resolve) => {
      const { socket } = new Socket(url)
      socket.on('error', () => {})
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode!))
    })
  for (const [url, status] of [
    [`${mails.served.url}/subscriptions/none/events`, 404],
    [`${mails.mails}/events?prefetch=0`, 400],
    [`${closed.url}/subscriptions/mails/events`, 403],
  ] as const) {
    expect((await fetch(url)).status).toBe(status)
    expect(await refused(url)).toBe(status)
  }
  expect(await refused(`${mails.served.url}//`)).toBe(404)

  const streams = [await openSse(`${mails.mails}/events`), new Socket(`${mails.mails}/events`)] as const
  await streams[1].next()
  await call(mails.mails, { method: 'DELETE' })
  expect(await streams[0].end()).toContain('HEDDLE_SUBSCRIPTION_UNKNOWN')
  expect(await streams[1].next()).toMatchObject({
    type: 'closing',
    error: { code: 'HEDDLE_SUBSCRIPTION_UNKNOWN' },
  })
  await streams[1].closed

  await put(mails.mails, { topics: ['orders'] })
  const last = [await openSse(`${mails.mails}/events`), new Socket(`${mails.mails}/events`)] as const
  await last[1].next()
  const stopped = mails.served.gateway.close()
  expect(await last[0].end()).toContain('the gateway is stopping: connect again"')
  expect(await last[1].closed).toMatchObject({ code: 1001 })
  await stopped
}, 120_000)
