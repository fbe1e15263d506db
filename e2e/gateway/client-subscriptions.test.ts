import { type ClientError, type Event, type Job, createClient } from '@heddle/client'
import { createDelivery } from '@heddle/delivery'
import { createHttpGateway } from '@heddle/gateway/http'
import { expect, test } from 'vitest'
import { flakyProxy } from './flaky-proxy.ts'
import { event, publishAll, serve } from './serve.ts'

const patient = 120_000

/** A gateway with a client and a subscription of topic `orders`, which has one partition. */
async function serveMails() {
  const served = await serve({}, 1)
  const client = createClient({ url: served.url })
  const mails = client.subscription('mails')
  await mails.create({
    topics: ['orders'],
    leaseMs: 600_000,
    retry: { attempts: 3, initialMs: 0, factor: 1, maxMs: 0 },
  })
  return {
    served,
    client,
    mails,
    publish: (...ids: readonly string[]) =>
      publishAll(
        served.events,
        ids.map((id) => event(id)),
      ),
    async [Symbol.asyncDispose]() {
      await client.close()
      await served[Symbol.asyncDispose]()
    },
  }
}

const refused = (code: string) => expect.objectContaining({ code, name: 'HeddleError' }) as ClientError

test(
  'a subscription is made, described, changed, suspended, moved and deleted',
  async () => {
    await using served = await serveMails()
    const { client, mails } = served
    expect(await mails.describe()).toMatchObject({ name: 'mails', version: 1, backlog: 0, suspended: false })
    expect(await mails.alter({ filter: "event.id != 'x'", leaseMs: 5_000 })).toMatchObject({ leaseMs: 5_000 })
    expect(await mails.alter({ filter: null })).not.toHaveProperty('filter')
    expect(await mails.suspend()).toMatchObject({ suspended: true })
    await served.publish('1', '2')
    expect(await mails.seek('latest')).toMatchObject({ backlog: 0 })
    expect(await mails.seek(new Date(0))).toMatchObject({ backlog: 2 })
    expect(await mails.resume()).toMatchObject({ suspended: false })
    await expect(mails.create({ topics: ['orders'] })).rejects.toEqual(refused('HEDDLE_SUBSCRIPTION_EXISTS'))
    await mails.delete()
    await expect(mails.describe()).rejects.toEqual(refused('HEDDLE_SUBSCRIPTION_UNKNOWN'))
    await expect(mails.pull().next()).rejects.toEqual(refused('HEDDLE_SUBSCRIPTION_UNKNOWN'))
    await expect(client.subscription('mails').work(() => {})).rejects.toEqual(
      refused('HEDDLE_SUBSCRIPTION_UNKNOWN'),
    )
  },
  patient,
)

test(
  'events are pulled and settled one by one; those that were not handed over go back',
  async () => {
    await using served = await serveMails()
    const { mails } = served
    await served.publish('1', '2', '3')
    const pulled = mails.pull({ max: 3 })
    const next = async (from = pulled): Promise<Job> => (await from.next()).value as Job
    const [one, two, three] = [await next(), await next(), await next()]
    expect([one, two, three].map(({ attempt, event: { id } }) => [id, attempt])).toEqual([
      ['1', 1],
      ['2', 1],
      ['3', 1],
    ])
    expect(await Promise.all([one.extend(60_000), one.ack()])).toEqual([true, true])
    expect(await two.nack({ reason: 'no' })).toBe(true)
    const again = await next()
    expect(again).toMatchObject({ attempt: 2, redelivered: true, event: { id: '2' } })
    expect(await again.nack({ giveUp: true, reason: 'no such customer' })).toBe(true)
    expect(await again.ack()).toBe(false)
    expect(await three.release()).toBe(true)
    await pulled.return!()

    await served.publish('4', '5')
    const left = mails.pull({ max: 9 })
    const first = await next(left)
    await left.return!()
    expect(await first.ack()).toBe(true)
    const others = mails.pull()
    const last = [await next(others), await next(others)]
    await others.return!()
    expect([first, ...last].map(({ attempt, event: { id } }) => `${id} ${attempt}`).sort()).toEqual([
      '3 1',
      '4 1',
      '5 1',
    ])
    await expect
      .poll(async () => (await served.served.log.describeTopic('mails.dead-letters')) !== undefined, {
        timeout: patient,
      })
      .toBe(true)
  },
  patient,
)

test(
  'work does all events, also when the line is cut and handlers throw; each is acknowledged when it was done',
  async () => {
    await using served = await serveMails()
    const proxy = await flakyProxy(served.served.url, 20_000)
    const client = createClient({ url: proxy.url, retry: { baseMs: 1, maxMs: 20 } })
    try {
      // What a cut took along comes again soon, and as often as it takes.
      await served.mails.alter({ leaseMs: 1_000, retry: { attempts: 0 } })
      await served.publish(...Array.from({ length: 40 }, (_, n) => `${n}`))
      const done = new Set<string>()
      const ended = new AbortController()
      await client.subscription('mails').work(
        ({ id }, { attempt }) => {
          if (attempt === 1 && Number(id) % 10 === 0) throw new Error('not yet')
          done.add(id)
          if (done.size === 40) ended.abort()
        },
        { concurrency: 4, signal: ended.signal },
      )
      expect(done.size).toBe(40)
    } finally {
      await client.close()
      await proxy[Symbol.asyncDispose]()
    }
  },
  patient,
)

test(
  'a lease is settled through another gateway, and a request is replied to through it',
  async () => {
    await using served = await serveMails()
    const delivery = createDelivery({ log: served.served.log })
    const other = createHttpGateway({ log: served.served.log, delivery })
    const { url } = await other.listen({ port: 0 })
    const elsewhere = createClient({ url })
    try {
      const ended = new AbortController()
      const working = served.mails.work<{ item: number }>(
        (asked) => elsewhere.reply(asked, { type: 'price', source: '/prices', data: asked.data.item * 2 }),
        { signal: ended.signal },
      )
      const prices = await Promise.all(
        [1, 2].map((item) =>
          elsewhere.request<number>(
            'orders',
            { type: 'price.asked', data: { item } },
            { timeoutMs: patient },
          ),
        ),
      )
      expect(prices.map(({ data }: Event<number>) => data)).toEqual([2, 4])
      ended.abort()
      await working

      await served.publish('1')
      const answer = await fetch(`${served.served.url}/subscriptions/mails/pull?wait=60000`, {
        method: 'POST',
      })
      const { events } = (await answer.json()) as { readonly events: readonly { readonly lease: string }[] }
      const settle = (at: string) =>
        fetch(`${at}/subscriptions/mails/settle`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ack: [events[0]!.lease] }),
        }).then((settled) => settled.json())
      expect(await settle(url)).toEqual({ lost: [] })
      expect(await settle(served.served.url)).toEqual({ lost: [events[0]!.lease] })
      await expect(elsewhere.request('orders', { type: 'nobody' }, { timeoutMs: 1 })).rejects.toEqual(
        refused('HEDDLE_REQUEST_TIMEOUT'),
      )
      await expect(elsewhere.reply({ id: 'x' } as Event, { type: 'y' })).rejects.toThrow('is no request')
    } finally {
      await elsewhere.close()
      await other.close()
      await delivery.close()
    }
  },
  patient,
)
