import { createHttpGateway } from '@heddle/gateway/http'
import { expect, test } from 'vitest'
import { call, event, post, publishAll, serve, structured } from './serve.ts'

/** What is read of a topic. */
interface Page {
  readonly events: readonly {
    readonly event: Readonly<Record<string, unknown>> & { readonly id: string }
  }[]
}

/** The next `count` events of a topic. */
async function take(events: string, count: number): Promise<Page['events'][number]['event'][]> {
  for (;;) {
    const { body } = await call(`${events}?from=earliest&limit=${count}&wait=60000`)
    const { events: found } = body as Page
    if (found.length >= count) return found.map((one) => one.event)
  }
}

test('a reply finds the gateway that waits for it, whichever it is published through', async () => {
  await using served = await serve()
  const other = createHttpGateway({ log: served.log })
  const { url } = await other.listen({ port: 0 })
  try {
    const asked = [1, 2, 3].map((n) =>
      post(`${n === 3 ? url : served.url}/topics/orders/request`, structured, event(n, { data: n })),
    )
    const requests = await take(served.events, 3)
    expect(new Set(requests.map(({ correlationid }) => correlationid)).size).toBe(3)
    for (const { correlationid, data, id, replyto } of requests.toReversed()) {
      const reply = event(`${id}.reply`, { correlationid, data: (data as number) * 10 })
      await publishAll(`${url}/topics/${String(replyto)}/events`, [
        event('other', { correlationid: 'x' }),
        reply,
      ])
    }
    const answers = await Promise.all(asked)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers[0]!.headers.get('content-type')).toBe('application/cloudevents+json; charset=utf-8')
    expect(answers.map(({ body }) => (body as { data: number }).data)).toEqual([10, 20, 30])
  } finally {
    await other.close()
  }
}, 120_000)

test('one that is asked again is published once, and gets a reply that came meanwhile', async () => {
  await using served = await serve()
  const ask = (timeout: number) =>
    post(`${served.url}/topics/orders/request?timeout=${timeout}`, structured, event('a'))
  expect(await ask(1)).toMatchObject({ status: 504, body: { code: 'HEDDLE_REQUEST_TIMEOUT' } })
  const [request] = await take(served.events, 1)
  const { correlationid, replyto } = request!
  await publishAll(`${served.url}/topics/${String(replyto)}/events`, [event('b', { correlationid })])
  expect(await ask(60_000)).toMatchObject({ status: 200, body: { id: 'b' } })
  const { body } = await call(`${served.events}?from=earliest`)
  expect((body as Page).events).toHaveLength(1)
}, 120_000)

test('replies may come in a topic of their own, and the correlation may be the caller’s', async () => {
  await using served = await serve()
  const own = event('a', { correlationid: 'mine', replyto: 'forged' })
  const asked = post(`${served.url}/topics/orders/request?replies=orders`, structured, own)
  const [request] = await take(served.events, 1)
  expect(request).toMatchObject({ correlationid: 'mine', replyto: 'orders' })
  // The request itself has it too, and is no reply.
  await publishAll(served.events, [event('b', { correlationid: 'mine' })])
  expect(await asked).toMatchObject({ status: 200, body: { id: 'b' } })
}, 120_000)

test('what is no request, or not allowed, is refused', async () => {
  const guard = {
    authorize: (_: unknown, action: string, { name }: { readonly name: string }) =>
      action === 'read' && name === 'secret'
        ? ({ allow: false, reason: 'no' } as const)
        : ({ allow: true } as const),
    quota: () => ({ allow: true }) as const,
  }
  await using served = await serve({ guard })
  await served.log.createTopic({ name: 'secret' })
  const ask = (path: string, headers: Readonly<Record<string, string>> = structured) =>
    post(`${served.url}/topics/${path}`, headers, event('a'))
  expect(await ask('none/request')).toMatchObject({ status: 404 })
  expect(await ask('orders/request?replies=none')).toMatchObject({ status: 404 })
  expect(await ask('orders/request?replies=secret')).toMatchObject({ status: 403 })
  expect(await ask('orders/request?timeout=0')).toMatchObject({ status: 400 })
  const batch = { 'content-type': 'application/cloudevents-batch+json' }
  expect(await ask('orders/request', batch)).toMatchObject({ status: 415 })
  const waiting = ask('orders/request')
  await take(served.events, 1)
  const stopped = served.gateway.close()
  expect(await waiting).toMatchObject({ status: 503 })
  await stopped
}, 120_000)
