import { subscribe as listen, unsubscribe } from 'node:diagnostics_channel'
import type { EventInit, PushSettings, SubscriptionChanges } from '@heddle/core'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Bench, openBench, turns } from '../bench.fixture.ts'
import type { BreakerChanged } from '../channels.ts'
import { type TestEndpoint, openEndpoint } from './endpoint.fixture.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`

/** Requests go over a network, in their time. */
const patient = { timeout: 120_000 }

let bench: Bench
let endpoint: TestEndpoint

beforeEach(async () => {
  endpoint = await openEndpoint()
  bench = await openBench({ push: { allow: ['127.0.0.1'], drainMs: 2_000 } })
  await bench.log.createTopic({ name: 'orders', partitions: 1 })
})
afterEach(async () => {
  await bench.close()
  await endpoint.close()
})

const subscribe = async (push: Partial<PushSettings> = {}, settings: SubscriptionChanges = {}) => {
  const made = await bench.delivery.create('hook', {
    ...settings,
    topics: ['orders'],
    push: { url: endpoint.url, ...push },
  })
  await turns()
  return made
}

const order = (id: string, rest: Partial<EventInit> = {}): EventInit => ({
  id,
  source: '/shop',
  type: 'order',
  partitionkey: id.split('-')[0]!,
  ...rest,
})

const publish = async (...ids: readonly string[]): Promise<void> => {
  await bench.publish('orders', ...ids.map((id) => order(id)))
  await turns()
}

/** What the subscription says, once it is as expected. */
const eventually = (expected: object): Promise<void> =>
  expect.poll(() => bench.delivery.describe('hook'), patient).toMatchObject(expected)

describe('an endpoint', patient, () => {
  it('gets each event once, signed with each key, and it is done when that is accepted', async () => {
    await subscribe({ secrets: [secret, other], headers: { authorization: 'Bearer x' } })
    await bench.publish(
      'orders',
      order('a-1', { data: { total: 12 }, traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` }),
    )
    const { headers, body, answer } = await endpoint.next()
    expect(headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      authorization: 'Bearer x',
      traceparent: expect.stringContaining('1111'),
    })
    const signed = headers as Record<string, string>
    const seconds = Math.floor(bench.clock.now() / 1000)
    expect(signed['webhook-timestamp']).toBe(String(seconds))
    for (const key of [secret, other])
      expect(signatureOf(key, signed['webhook-id']!, body)).toSatisfy((one: string) =>
        signed['webhook-signature']!.split(' ').includes(one),
      )
    expect(JSON.parse(body)).toMatchObject({ specversion: '1.0', id: 'a-1', data: { total: 12 } })
    answer(204)
    await eventually({ backlog: 0, leased: 0, pushing: { breaker: 'closed', inFlight: 0 } })
    expect(endpoint.requests).toBe(1)
  })

  it('gets numbers as they were written, events without data, and what another program wrote', async () => {
    await subscribe({}, { order: 'partition' })
    await bench.log.append('orders', [
      {
        value: '{"n":12345678901234567890}',
        headers: [
          ['ce_specversion', '1.0'],
          ['ce_id', 'n'],
          ['ce_source', '/n'],
          ['ce_type', 'n'],
        ],
      },
      { value: 'hello', headers: [] },
    ])
    // A trace context that no header takes does not fail the endpoint.
    await bench.publish('orders', { id: 'e', source: '/e', type: 'e', tracestate: 'a=\u{1F600}\n' })
    const bodies: string[] = []
    for (let count = 0; count < 3; count++) {
      const request = await endpoint.next()
      bodies.push(request.body)
      request.answer(200)
    }
    expect(bodies[0]).toContain('"data":{"n":12345678901234567890}')
    expect(JSON.parse(bodies[1]!)).toMatchObject({ type: 'heddle.record', data_base64: 'aGVsbG8=' })
    expect(JSON.parse(bodies[2]!)).not.toHaveProperty('data')
  })

  it('gets one event of a key at a time, and others beside it', async () => {
    await subscribe()
    await publish('a-1', 'a-2', 'b-1')
    const first = await endpoint.next()
    const second = await endpoint.next()
    expect([first.id, second.id].sort()).toEqual(['a-1', 'b-1'])
    const [a, b] = first.id === 'a-1' ? [first, second] : [second, first]
    b.answer(200)
    await eventually({ leased: 1 })
    expect(endpoint.waiting).toBe(0)
    a.answer(200)
    const next = await endpoint.next()
    expect(next.id).toBe('a-2')
    next.answer(200)
    await eventually({ backlog: 0 })
  })

  it('that refuses an event is asked again by the retry policy; then it is a dead letter that says why', async () => {
    await subscribe({}, { retry: { attempts: 2, initialMs: 1_000, factor: 1, jitter: 0 } })
    await publish('a-1')
    const first = await endpoint.next()
    first.answer(422, {}, 'no such customer')
    await eventually({
      retrying: 1,
      pushing: {
        breaker: 'closed',
        lastFailure: { reason: expect.stringContaining('422: no such customer') },
      },
    })
    await bench.advance(1_000)
    const second = await endpoint.next()
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
    second.answer(302, { location: endpoint.url })
    await expect
      .poll(async () => (await bench.advance(100), bench.log.describeTopic('hook.dead-letters')), patient)
      .toBeDefined()
    await expect.poll(async () => (await bench.records('hook.dead-letters')).length, patient).toBe(1)
    const [letter] = await bench.records('hook.dead-letters')
    const error = letter!.record.headers.find(([name]) => name === 'ce_dlerror')![1]
    expect(Buffer.from(error).toString()).toContain('302 (redirects are not followed)')
    expect(endpoint.requests).toBe(2)
  })

  it('that asks to wait is left alone until then, with all events', async () => {
    await subscribe({}, { retry: { attempts: 9, initialMs: 1, factor: 1, maxMs: 1, jitter: 0 } })
    await publish('a-1')
    const busy = await endpoint.next()
    busy.answer(429, { 'retry-after': '120' })
    await eventually({ retrying: 1 })
    await publish('b-1')
    await bench.advance(119_000)
    expect(endpoint.requests).toBe(1)
    await bench.advance(1_000)
    for (let count = 0; count < 2; count++) (await endpoint.next()).answer(200)
    await eventually({ backlog: 0, pushing: { breaker: 'closed' } })
  })

  it('that is gone (410) gets no more: its subscription is suspended, and loses nothing', async () => {
    await subscribe()
    await publish('a-1', 'b-1')
    for (let count = 0; count < 2; count++) (await endpoint.next()).answer(410)
    await expect
      .poll(async () => (await bench.advance(3_000), bench.delivery.describe('hook')), patient)
      .toMatchObject({ suspended: true, backlog: 2, leased: 0 })
    const { requests } = endpoint
    await bench.meanwhile(bench.delivery.alter('hook', { suspended: false }))
    const again = [await endpoint.next(), await endpoint.next()]
    expect(again.map(({ id }) => id).sort()).toEqual(['a-1', 'b-1'])
    for (const { answer } of again) answer(200)
    await eventually({ backlog: 0, suspended: false })
    expect(endpoint.requests).toBe(requests + 2)
  })

  it('that does not answer in time is busy', async () => {
    await subscribe({ timeoutMs: 2_000 })
    await publish('a-1')
    await endpoint.next()
    await bench.advance(2_000)
    await eventually({
      leased: 0,
      retrying: 1,
      pushing: { lastFailure: { reason: expect.stringContaining('no answer within 2000 ms') } },
    })
  })

  it('that answers without end is cut off, and what it said counts', async () => {
    await subscribe()
    await publish('a-1')
    const { response } = await endpoint.next()
    response.writeHead(200)
    response.on('error', () => {})
    for (let count = 0; count < 100; count++) response.write('x'.repeat(10_000))
    await eventually({ backlog: 0 })
    expect(endpoint.requests).toBe(1)
  })

  it('that only this host can reach is not called without leave', async () => {
    await bench.close()
    bench = await openBench({ push: {} })
    await bench.log.createTopic({ name: 'orders', partitions: 1 })
    for (const [name, host] of [
      ['ip', '127.0.0.1'],
      ['name', 'localhost'],
      ['mapped', '[::ffff:7f00:1]'],
      ['other', '0x7f.1'],
    ] as const) {
      const url = endpoint.url.replace('127.0.0.1', host)
      await bench.delivery.create(name, { topics: ['orders'], push: { url } })
    }
    await publish('a-1')
    for (const name of ['ip', 'name', 'mapped', 'other'])
      await expect
        .poll(() => bench.delivery.describe(name), patient)
        .toMatchObject({
          pushing: { lastFailure: { reason: expect.stringContaining('none that may be called') } },
        })
    expect(endpoint.requests).toBe(0)
  })

  it('is changed while it is used; its secrets are never shown', async () => {
    const made = await subscribe({ secrets: [secret], headers: { authorization: 'Bearer x' } })
    const shown = { secrets: ['whsec_***'], headers: { authorization: '***' } }
    expect(made.push).toMatchObject(shown)
    expect((await bench.delivery.list())[0]!.push).toMatchObject(shown)
    // The same again is no other subscription.
    expect(
      (await subscribe({ secrets: [secret], headers: { authorization: 'Bearer x' } })).push,
    ).toMatchObject(shown)
    const altered = await bench.delivery.alter('hook', { push: { secrets: [other] } })
    expect(altered.push).toMatchObject({ ...shown, url: endpoint.url })
    await publish('a-1')
    const { headers, body, answer } = await endpoint.next()
    expect(headers['authorization']).toBe('Bearer x')
    expect(headers['webhook-signature']).toBe(signatureOf(other, headers['webhook-id'] as string, body))
    answer(200)
    await eventually({ backlog: 0 })
    expect(await bench.delivery.alter('hook', { push: undefined })).not.toHaveProperty('push')
    await publish('b-1')
    expect(await bench.take('hook')).toMatchObject([{ event: { id: 'b-1' } }])
  })

  it.each([
    [{ url: 'ftp://x' }, 'push.url must be'],
    [{ url: 'http://u:p@x' }, 'must not hold credentials'],
    [{ secrets: ['abc'] }, 'whsec_ or whsk_'],
    [{ secrets: ['whsec_YWJj'] }, '24 to 64 bytes'],
    [{ secrets: ['whsk_YWJj'] }, '32 bytes'],
    [{ headers: { 'webhook-id': 'x' } }, 'set by each request'],
    [{ headers: { 'x y': 'x' } }, 'no name of a header'],
    [{ headers: { x: 'a\nb' } }, 'a text of ASCII'],
    [{ headers: { authorization: '***' } }, 'in place of the real one'],
    [{ timeoutMs: 0 }, 'push.timeoutMs must be'],
    [{ concurrency: 1.5 }, 'push.concurrency must be'],
    [{ timeout: 1 }, "push.timeout is not a setting; did you mean 'timeoutMs'?"],
  ])('is refused with %j', async (push, why) => {
    await expect(subscribe(push as Partial<PushSettings>)).rejects.toThrow(why)
  })
})

describe('a breaker', patient, () => {
  it('opens after failures one after the other, lets one try, and closes when that succeeds', async () => {
    const changes: BreakerChanged[] = []
    const hear = (message: unknown): void => void changes.push(message as BreakerChanged)
    listen('heddle:delivery:breaker', hear)
    try {
      await subscribe(
        { concurrency: 1 },
        { order: 'none', retry: { attempts: 0, initialMs: 1, factor: 1, maxMs: 1, jitter: 0 } },
      )
      await publish('a')
      for (let failure = 1; failure <= 10; failure++) {
        ;(await endpoint.next()).answer(503)
        if (failure < 10) await eventually({ leased: 0, retrying: 1 })
        if (failure < 10) await bench.advance(1)
      }
      await eventually({ leased: 0, pushing: { breaker: 'open', limit: 0 } })
      await bench.advance(4_999)
      expect(endpoint.requests).toBe(10)
      await bench.advance(1)
      ;(await endpoint.next()).answer(500)
      await eventually({ leased: 0, pushing: { breaker: 'open' } })
      await bench.advance(9_999)
      expect(endpoint.requests).toBe(11)
      await bench.advance(1)
      const probe = await endpoint.next()
      expect(await bench.delivery.describe('hook')).toMatchObject({
        pushing: { breaker: 'half-open', limit: 1, inFlight: 1 },
      })
      await publish('b')
      probe.answer(200)
      ;(await endpoint.next()).answer(200)
      await eventually({ backlog: 0, pushing: { breaker: 'closed' } })
      expect(changes.map(({ state, forMs }) => [state, forMs])).toEqual([
        ['open', 5_000],
        ['open', 10_000],
        ['closed', undefined],
      ])
    } finally {
      unsubscribe('heddle:delivery:breaker', hear)
    }
  })
})

describe('a stop', patient, () => {
  it('waits for what is under way, and gives nothing again that was accepted', async () => {
    await subscribe()
    await publish('a-1')
    const request = await endpoint.next()
    const closed = bench.delivery.close()
    request.answer(200)
    await bench.meanwhile(closed)
    await bench.crash()
    expect(await bench.delivery.describe('hook')).toMatchObject({ backlog: 0 })
  })

  it('gives back what has no answer in time', async () => {
    await subscribe()
    await publish('a-1')
    await endpoint.next()
    await bench.restart()
    await bench.advance(10_000)
    const again = await endpoint.next()
    expect(again.id).toBe('a-1')
    again.answer(200)
    await eventually({ backlog: 0 })
  })
})

const signatureOf = (key: string, id: string, body: string): string =>
  new Webhook(key).sign(id, new Date(bench.clock.now()), body)
