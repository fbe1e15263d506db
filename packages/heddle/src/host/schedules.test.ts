import { createClient } from '@heddle/client'
import { type Guard, ManualClock, openGuard } from '@heddle/core'
import { createSchedules } from '@heddle/delivery'
import { createHttpGateway } from '@heddle/gateway/http'
import { openMemoryLog } from '@heddle/log/memory'
import { afterEach, beforeEach, expect, test } from 'vitest'

const guard: Guard = {
  ...openGuard,
  authorize: (_, action, { name, type }) =>
    type === 'topic' && name === 'theirs' && action === 'read'
      ? { allow: false, reason: 'it is theirs' }
      : { allow: true },
}

async function open() {
  // Stands still: what is later never comes by itself.
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const log = await openMemoryLog({ clock })
  const schedules = createSchedules({ log, clock, gatherMs: 0 })
  const gateway = createHttpGateway({ log, schedules, clock, guard })
  const { url } = await gateway.listen({ port: 0 })
  const ask = async (method: string, path: string, body?: unknown, type = 'application/json') => {
    const response = await fetch(url + path, {
      method,
      ...(body !== undefined && {
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': type },
      }),
    })
    return { status: response.status, body: (await response.json()) as any }
  }
  return { clock, log, schedules, gateway, url, ask }
}

let served: Awaited<ReturnType<typeof open>>

/** However slow the machine is. */
const patienceMs = 120_000

beforeEach(async () => {
  served = await open()
  await served.log.createTopic({ name: 'orders', partitions: 1 })
  await served.log.createTopic({ name: 'theirs' })
}, patienceMs)
afterEach(async () => {
  await served.gateway.close()
  await served.schedules.close()
  await served.log.close()
}, patienceMs)

const event = (id: string, more: object = {}): object => ({
  specversion: '1.0',
  id,
  source: '/t',
  type: 'order',
  data: { id },
  ...more,
})
const structured = 'application/cloudevents+json'
const publish = (body: unknown, type = structured, query = '', topic = 'orders') =>
  served.ask('POST', `/topics/${topic}/events${query}`, body, type)

/** Events of the topic, once there are so many. */
async function sent(count: number): Promise<any[]> {
  const events: any[] = []
  for (let offset = 0; offset < count;) {
    const { body } = await served.ask('GET', `/topics/orders/events?wait=30000&partition=0&offset=${offset}`)
    events.push(...body.events.map((one: { event: object }) => one.event))
    offset = events.length
  }
  return events
}

test(
  'an event that says when is accepted, listed, shown, and sent without saying so',
  async () => {
    const { ask, clock } = served
    const accepted = await publish(event('a', { deliverafter: '10m', priority: 7 }))
    expect(accepted).toMatchObject({
      status: 202,
      body: { topic: 'orders', id: 'a', deliverat: '2026-01-01T00:10:00.000Z' },
    })
    const id = accepted.body.schedule as string
    expect(await publish(event('a', { deliverafter: '10m', priority: 7 }))).toMatchObject({
      status: 200,
      body: { schedule: id, duplicate: true },
    })
    expect(await ask('GET', '/schedules/count')).toEqual({ status: 200, body: { count: 1 } })
    const facts = {
      id,
      topic: 'orders',
      deliverat: '2026-01-01T00:10:00.000Z',
      deliverafter: 600_000,
      sent: 0,
    }
    expect(await ask('GET', '/schedules?topic=orders&limit=5')).toMatchObject({
      status: 200,
      body: { schedules: [{ ...facts, event: { id: 'a', source: '/t', type: 'order' } }] },
    })
    expect(await ask('GET', `/schedules/${id}`)).toMatchObject({
      status: 200,
      body: { ...facts, event: { id: 'a', data: { id: 'a' }, priority: '7' } },
    })
    await clock.advance(600_000)
    const [one] = await sent(1)
    expect(one).toMatchObject({ id: 'a', data: { id: 'a' }, scheduleid: id, priority: '7' })
    expect(one).not.toHaveProperty('deliverafter')
    expect(await ask('GET', `/schedules/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'HEDDLE_SCHEDULE_UNKNOWN' },
    })
  },
  patienceMs,
)

test(
  'every way of publishing can say when',
  async () => {
    const { ask } = served
    const batch = [
      event('now'),
      event('b', { deliverat: '2026-01-01T02:00:00+01:00' }),
      event('bad', { deliverat: 'tomorrow' }),
    ]
    const answer = await publish(batch, 'application/cloudevents-batch+json')
    expect(answer).toMatchObject({
      status: 207,
      body: {
        stored: 2,
        failed: 1,
        results: [
          { status: 201, offset: 0, id: 'now' },
          { status: 202, deliverat: '2026-01-01T01:00:00.000Z', id: 'b' },
          { status: 400, error: { code: 'HEDDLE_SCHEDULE_INVALID' } },
        ],
      },
    })
    expect(
      await publish({ n: 1 }, 'application/json', '?delivercron=0 9 * * MON&deliverzone=Asia/Tokyo'),
    ).toMatchObject({
      status: 202,
      body: { deliverat: '2026-01-05T00:00:00.000Z' },
    })
    const binary = await fetch(`${served.url}/topics/orders/events`, {
      method: 'POST',
      headers: {
        'ce-specversion': '1.0',
        'ce-id': 'c',
        'ce-source': '/t',
        'ce-type': 'order',
        'ce-deliverevery': '1h',
        'ce-delivertimes': '3',
        'ce-scheduleid': 'hourly',
      },
      body: 'bytes',
    })
    expect(binary.status).toBe(202)
    expect(await binary.json()).toMatchObject({ schedule: 'hourly', deliverat: '2026-01-01T01:00:00.000Z' })
    const lines = await fetch(`${served.url}/topics/orders/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: `${JSON.stringify(event('d', { deliverat: '4102444800000' }))}\n${JSON.stringify(event('e'))}\n`,
    })
    expect(
      (await lines.text()).split('\n').map((line) => (line === '' ? {} : JSON.parse(line))),
    ).toMatchObject([
      { line: 1, status: 202, deliverat: '2100-01-01T00:00:00.000Z' },
      { line: 2, status: 201 },
      { done: true, stored: 2 },
      {},
    ])
    expect(await ask('GET', '/schedules/count')).toMatchObject({ body: { count: 4 } })
    const { body } = await ask('GET', '/schedules?limit=2')
    const rest = await ask('GET', `/schedules?after=${body.next}`)
    expect([...body.schedules, ...rest.body.schedules].map(({ event: { id } }) => id).slice(0, 2)).toEqual(
      expect.arrayContaining(['b', 'c']),
    )
    expect(rest.body.schedules).toHaveLength(2)
  },
  patienceMs,
)

test(
  'a schedule is moved and cancelled; who may not read the topic may not see its event',
  async () => {
    const { ask, clock } = served
    await publish(event('a', { deliverafter: 60_000, scheduleid: 'mine' }))
    expect(await ask('PATCH', '/schedules/mine', { deliverafter: '2m' })).toMatchObject({
      status: 200,
      body: { deliverat: '2026-01-01T00:02:00.000Z' },
    })
    for (const bad of [
      {},
      { at: 1 },
      { deliverat: true },
      { deliverat: 'x' },
      { deliverat: 1, deliverafter: 1 },
    ])
      expect(await ask('PATCH', '/schedules/mine', bad)).toMatchObject({
        status: 400,
        body: { code: 'HEDDLE_SCHEDULE_INVALID' },
      })
    expect(await ask('DELETE', '/schedules/mine')).toMatchObject({ status: 200, body: { id: 'mine' } })
    expect((await ask('DELETE', '/schedules/mine')).status).toBe(404)
    await publish(event('b', { deliverafter: 1, scheduleid: 'next' }))
    await clock.advance(200_000)
    expect((await sent(1)).map(({ id }) => id)).toEqual(['b'])

    await publish(event('c', { deliverafter: 60_000, scheduleid: 'secret' }), structured, '', 'theirs')
    expect((await ask('GET', '/schedules/secret')).status).toBe(403)
    expect((await ask('DELETE', '/schedules/secret')).status).toBe(200)
  },
  patienceMs,
)

test(
  'nobody writes into the topics of schedules but themselves',
  async () => {
    await publish(event('a', { deliverafter: 60_000 }))
    expect(await publish(event('b'), structured, '', 'heddle.schedules')).toMatchObject({ status: 403 })
  },
  patienceMs,
)

test(
  'the client publishes for later, lists over pages, shows, moves and cancels',
  async () => {
    const client = createClient({ url: served.url })
    const all = Array.from({ length: 120 }, (_, at) => ({
      type: 't',
      id: `${at}`,
      data: at,
      deliverafter: 60_000 + at,
    }))
    const results = await client.publish('orders', all)
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true)
    const { deliverat, offset, schedule } = await client.publish('orders', {
      type: 't',
      deliverafter: '1s',
      scheduleid: 'tea',
    })
    expect({ deliverat, offset, schedule }).toEqual({
      deliverat: '2026-01-01T00:00:01.000Z',
      offset: undefined,
      schedule: 'tea',
    })
    expect(await client.schedules.count()).toBe(121)
    const ids: string[] = []
    for await (const { event } of client.schedules.list({ topic: 'orders' })) ids.push(event.id)
    expect(ids.slice(1)).toEqual(all.map(({ id }) => id))
    const first = await client.schedules.list().next()
    const { event } = await client.schedules.show<number>((first.value as { id: string }).id)
    expect(event.type).toBe('t')
    await client.schedules.move('tea', new Date('2027-01-01T00:00:00Z'))
    expect((await client.schedules.move('tea', { afterMs: 5_000 })).deliverat).toBe(
      '2026-01-01T00:00:05.000Z',
    )
    await client.schedules.cancel('tea')
    await expect(client.schedules.show('tea')).rejects.toMatchObject({ code: 'HEDDLE_SCHEDULE_UNKNOWN' })
    await client.close()
  },
  patienceMs,
)
