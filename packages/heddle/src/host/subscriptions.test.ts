import { type Guard, event, openGuard, toRecord } from '@heddle/core'
import { createDelivery, openDeadLetters } from '@heddle/delivery'
import { createHttpGateway } from '@heddle/gateway/http'
import { openMemoryLog } from '@heddle/log/memory'
import { afterEach, beforeEach, expect, test } from 'vitest'

const guard: Guard = {
  ...openGuard,
  authorize: (_, __, { name }) =>
    name === 'secret' ? { allow: false, reason: 'it is secret' } : { allow: true },
}

async function open() {
  const log = await openMemoryLog()
  const delivery = createDelivery({ log })
  const gateway = createHttpGateway({ log, delivery, deadLetters: openDeadLetters({ log }), guard })
  const { url } = await gateway.listen({ port: 0 })
  const ask = async (method: string, path: string, body?: object, signal?: AbortSignal) => {
    const response = await fetch(`${url}${path.startsWith('/topics/') ? '' : '/subscriptions'}${path}`, {
      method,
      signal: signal ?? null,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as never }
  }
  return { log, delivery, gateway, ask, pull: (query: string) => ask('POST', `/mails/pull?${query}`) }
}

interface Pulled {
  readonly events: readonly { readonly lease: string; readonly attempt: number; readonly event: object }[]
}

let served: Awaited<ReturnType<typeof open>>

beforeEach(async () => {
  served = await open()
  await served.log.createTopic({ name: 'orders', partitions: 1 })
  await served.log.createTopic({ name: 'secret' })
})
afterEach(async () => {
  await served.gateway.close()
  await served.delivery.close()
  await served.log.close()
})

const publish = (...ids: readonly string[]) =>
  served.log.append(
    'orders',
    ids.map((id) => toRecord(event({ id, source: '/t', type: 'order', data: { id } }))),
  )

test('a subscription is made, pulled from, settled, described and deleted', async () => {
  const { ask, pull } = served
  const made = await ask('PUT', '/mails', { topics: ['orders'], filter: "event.id != '2'" })
  expect(made).toMatchObject({ status: 200, body: { name: 'mails', order: 'key', leaseMs: 30_000 } })
  const waiting = pull('max=10&wait=30000')
  await publish('1', '2', '3')
  // Ends as soon as there is something.
  const { events } = (await waiting).body as Pulled
  const more = events.length < 2 ? ((await pull('wait=30000')).body as Pulled).events : []
  const [first, third] = [...events, ...more]
  expect(first).toMatchObject({ attempt: 1, topic: 'orders', event: { id: '1', data: { id: '1' } } })
  expect(third).toMatchObject({ offset: 2, event: { id: '3' } })

  const settled = await ask('POST', '/mails/settle', {
    ack: [first!.lease, 'gone'],
    nack: [{ lease: third!.lease, delayMs: 0, reason: 'busy' }],
  })
  expect(settled).toEqual({ status: 200, body: { lost: ['gone'] } })
  const again = (await pull('wait=30000')).body as Pulled
  expect(again.events[0]).toMatchObject({ attempt: 2, redelivered: true, event: { id: '3' } })
  expect(await ask('GET', '/mails')).toMatchObject({ body: { backlog: 1, leased: 1, partitions: [{}] } })

  await ask('POST', '/mails/settle', { extend: [{ lease: again.events[0]!.lease, ms: 60_000 }] })
  expect(await ask('PATCH', '/mails', { suspended: true })).toMatchObject({ body: { suspended: true } })
  expect(await ask('POST', '/mails/seek', { to: 'latest' })).toMatchObject({ body: { backlog: 0 } })
  expect(await ask('GET', '')).toMatchObject({ body: { subscriptions: [{ name: 'mails', version: 2 }] } })
  expect((await ask('DELETE', '/mails')).status).toBe(204)
  expect((await ask('GET', '/mails')).status).toBe(404)
})

test('a subscription with an endpoint shows none of its secrets, and keeps those that are not changed', async () => {
  const { ask } = served
  const key = Buffer.alloc(32, 1).toString('base64')
  const push = {
    url: 'https://team.example/hook',
    secrets: [`whsec_${key}`],
    headers: { authorization: 'Bearer x' },
  }
  const shown = {
    push: { ...push, secrets: ['whsec_***'], headers: { authorization: '***' }, timeoutMs: 15_000 },
  }
  const answers = [
    await ask('PUT', '/mails', { topics: ['orders'], push }),
    await ask('PUT', '/mails', { topics: ['orders'], push }),
    await ask('GET', '/mails'),
    await ask('PATCH', '/mails', { push: { concurrency: 2 } }),
  ]
  for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: shown })
  expect(JSON.stringify(await ask('GET', ''))).not.toContain(key)
  expect(await ask('PATCH', '/mails', { push: { secrets: ['whsec_***'] } })).toMatchObject({
    status: 400,
    body: { code: 'HEDDLE_SUBSCRIPTION_INVALID', detail: expect.stringContaining('push.secrets') },
  })
  expect((await ask('PATCH', '/mails', { push: null })).body).not.toHaveProperty('push')
})

test('what a consumer that went away would have got goes to another at once', async () => {
  const { ask, pull } = served
  await ask('PUT', '/mails', { topics: ['orders'] })
  const gone = new AbortController()
  const waiting = ask('POST', '/mails/pull?wait=60000', undefined, gone.signal).catch(() => 'gone')
  const other = pull('wait=60000')
  gone.abort()
  expect(await waiting).toBe('gone')
  await publish('1')
  expect(await other).toMatchObject({ body: { events: [{ event: { id: '1' } }] } })
})

test('what is not allowed, or not valid, is refused and says why', async () => {
  const { ask } = served
  expect(await ask('PUT', '/mails', { topics: ['orders', 'secret'] })).toMatchObject({ status: 403 })
  expect(await ask('PUT', '/mails', { topics: ['orders'], lease: 1 })).toMatchObject({
    status: 400,
    body: { code: 'HEDDLE_SUBSCRIPTION_INVALID', detail: expect.stringContaining('leaseMs') },
  })
  await ask('PUT', '/mails', { topics: ['orders'] })
  expect(await ask('PATCH', '/mails', { topics: ['secret'] })).toMatchObject({ status: 403 })
  const wrong = [
    ['/mails/settle', { ack: 'x' }, 'ack must be a list'],
    ['/mails/settle', { nack: [{ lease: 'x', delay: 1 }] }, "nack has no 'delay'"],
    ['/mails/settle', { acked: [] }, "'acked' is nothing"],
    ['/mails/settle', { extend: ['x'] }, 'extend.ms must be'],
    ['/mails/seek', { to: 'there' }, 'to must be earliest'],
    ['/mails/pull?max=0', {}, 'max must be'],
  ] as const
  for (const [path, body, detail] of wrong)
    expect(await ask('POST', path, body)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining(detail) },
    })
})

test('dead letters are listed, sent again once, and dropped', async () => {
  const { ask, pull } = served
  await ask('PUT', '/mails', { topics: ['orders'] })
  await publish('1', '2')
  for (let count = 0; count < 2;) {
    const { events } = (await pull('wait=30000&max=9')).body as Pulled
    const nack = events.map(({ lease }) => ({ lease, giveUp: true, reason: 'no such customer' }))
    await ask('POST', '/mails/settle', { nack })
    count += events.length
  }
  const letters = '/topics/mails.dead-letters/dead-letters'
  const filter = encodeURIComponent("event.data.id == '1'")
  const one = (await ask('GET', `${letters}?filter=${filter}`)).body as { letters: { id: string }[] }
  expect(one).toEqual({
    letters: [
      {
        id: expect.stringMatching(/^\d:0$|^\d:1$/),
        at: expect.any(Number),
        event: expect.objectContaining({
          id: '1',
          data: { id: '1' },
          dlsubscription: 'mails',
          dlerror: expect.stringContaining('no such customer'),
        }),
      },
    ],
  })
  const ids = [one.letters[0]!.id]
  expect(await ask('POST', `${letters}/redrive`, { ids, to: 'secret' })).toMatchObject({ status: 403 })
  const sent = { status: 200, body: { sent: { orders: 1 }, skipped: [] } }
  expect(await ask('POST', `${letters}/redrive`, { ids, dryRun: true })).toEqual(sent)
  expect(await ask('POST', `${letters}/redrive`, { ids })).toEqual(sent)
  expect(await ask('POST', `${letters}/redrive`, { ids })).toMatchObject({ body: { sent: {} } })
  expect(await pull('wait=30000')).toMatchObject({
    body: { events: [{ attempt: 1, event: { id: '1', redriveto: 'subscription/mails' } }] },
  })
  expect(await ask('POST', `${letters}/drop`, {})).toMatchObject({ body: { dropped: 1 } })
  expect(await ask('GET', letters)).toEqual({ status: 200, body: { letters: [] } })
  expect(await ask('POST', `${letters}/drop`, { id: ids[0] })).toMatchObject({ status: 400 })
})
