import { type Consumer, type SubscriptionChanges, fromRecord } from '@heddle/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Bench, ids, openBench, turns } from './bench.fixture.ts'

let bench: Bench

beforeEach(async () => {
  bench = await openBench()
  await bench.log.createTopic({ name: 'orders', partitions: 2 })
})
afterEach(() => bench.close())

const subscribe = (settings: SubscriptionChanges = {}) =>
  bench.delivery.create('mails', { ...settings, topics: ['orders'] })

const orders = (...names: readonly string[]) =>
  bench.publish('orders', ...names.map((id) => ({ id, type: 'order', partitionkey: id.split('-')[0]! })))

const deadLetters = async () =>
  (await bench.records('mails.dead-letters')).map(({ record, partition }) =>
    fromRecord(record, { topic: 'mails.dead-letters', partition }),
  )

describe('a subscription', () => {
  it('gives out each event once, and not again when it is acked, also after a crash', async () => {
    await subscribe()
    await orders('a-1', 'b-1', 'c-1')
    const first = await bench.take('mails')
    expect(ids(first).sort()).toEqual(['a-1', 'b-1', 'c-1'])
    expect(first.every(({ attempt, redelivered }) => attempt === 1 && !redelivered)).toBe(true)
    await bench.delivery.settle('mails', [{ lease: first[1]!.lease, as: 'ack' }])

    await bench.crash()
    const again = await bench.take('mails')
    expect(ids(again).sort()).toEqual(ids([first[0]!, first[2]!]).sort())
    expect(again.every(({ attempt, redelivered }) => attempt === 2 && redelivered)).toBe(true)
  })

  it('begins with what comes after it was made, or where it is told to', async () => {
    await orders('a-1')
    await subscribe()
    await bench.delivery.create('all', { topics: ['orders'] }, 'earliest')
    await bench.advance(1_000)
    const time = bench.clock.now()
    await orders('b-1')
    await bench.delivery.create('since', { topics: ['orders'] }, { time })
    expect(ids(await bench.take('mails'))).toEqual(['b-1'])
    expect(ids(await bench.take('all')).sort()).toEqual(['a-1', 'b-1'])
    expect(ids(await bench.take('since'))).toEqual(['b-1'])
  })

  it('holds back what has the key of an event that is out, and only that', async () => {
    await subscribe()
    await orders('a-1', 'a-2', 'b-1')
    const first = await bench.take('mails')
    expect(ids(first).sort()).toEqual(['a-1', 'b-1'])
    const [a] = first.filter(({ event }) => event.id === 'a-1')
    await bench.delivery.settle('mails', [{ lease: a!.lease, as: 'nack', delayMs: 5_000 }])
    await orders('c-1')
    expect(ids(await bench.take('mails'))).toEqual(['c-1'])
    await bench.advance(5_000)
    const [retried] = await bench.take('mails')
    expect(retried).toMatchObject({ event: { id: 'a-1' }, attempt: 2, redelivered: true })
    await bench.delivery.settle('mails', [{ lease: retried!.lease, as: 'ack' }])
    expect(ids(await bench.take('mails'))).toEqual(['a-2'])
  })

  it('gives out again what is not settled in time; the late ack is told', async () => {
    await subscribe({ leaseMs: 1_000, retry: { attempts: 5, initialMs: 0, factor: 1, maxMs: 0, jitter: 0 } })
    await orders('a-1', 'b-1')
    const first = await bench.take('mails')
    const kept = first[0]!.lease
    expect(await bench.delivery.settle('mails', [{ lease: kept, as: 'extend', ms: 10_000 }])).toEqual([])
    await bench.advance(1_500)
    const again = await bench.take('mails')
    expect(ids(again)).toEqual([first[1]!.event.id])
    const acks = [first[1]!.lease, kept, again[0]!.lease].map((lease) => ({ lease, as: 'ack' }) as const)
    expect(await bench.delivery.settle('mails', acks)).toEqual([first[1]!.lease])
  })

  it('gives up after the attempts that it has: one dead letter, with what happened', async () => {
    await subscribe({ retry: { attempts: 2, initialMs: 100, factor: 1, maxMs: 100, jitter: 0 } })
    await orders('a-1', 'a-2')
    const [one] = await bench.take('mails')
    await bench.delivery.settle('mails', [{ lease: one!.lease, as: 'nack', reason: 'no such customer' }])
    await bench.crash()
    await bench.advance(1_000)
    const [two] = await bench.take('mails')
    expect(two).toMatchObject({ event: { id: 'a-1' }, attempt: 2 })
    await bench.delivery.settle('mails', [{ lease: two!.lease, as: 'nack', reason: 'no such customer' }])
    expect(ids(await bench.take('mails'))).toEqual(['a-2'])
    const letters = await deadLetters()
    expect(letters).toHaveLength(1)
    expect(letters[0]).toMatchObject({
      id: 'a-1',
      partitionkey: 'a',
      extensions: {
        dlsubscription: 'mails',
        dlcode: 'HEDDLE_DELIVERY_REFUSED',
        dlerror: expect.stringContaining('no such customer'),
        dlattempts: '2',
        dltopic: 'orders',
      },
    })
  })

  it('has waits as a list, and a budget of time', async () => {
    await subscribe({
      retry: {
        attempts: 0,
        initialMs: 0,
        factor: 1,
        maxMs: 0,
        jitter: 0,
        delaysMs: [100, 1_000],
        withinMs: 3_000,
      },
    })
    await orders('a-1')
    const tooEarly: string[] = []
    for (const wait of [0, 100, 1_000, 1_000]) {
      await bench.advance(Math.max(0, wait - 10))
      if (wait > 0) tooEarly.push(...ids(await bench.take('mails')))
      await bench.advance(10)
      const [one] = await bench.take('mails')
      await bench.delivery.settle('mails', [{ lease: one!.lease, as: 'nack' }])
    }
    expect(tooEarly).toEqual([])
    await bench.advance(10_000)
    expect(await bench.take('mails')).toEqual([])
    expect(await deadLetters()).toHaveLength(1)
  })

  it('leaves out what its filter does not want, or fails on, and counts that as done', async () => {
    await subscribe({ filter: 'event.data.total > 10' })
    await bench.publish('orders', { id: '1', type: 'order', data: { total: 5 } }, { id: '2', type: 'other' })
    await bench.publish('orders', { id: '3', type: 'order', data: { total: 50 } })
    const given = await bench.take('mails')
    expect(ids(given)).toEqual(['3'])
    await bench.delivery.settle('mails', [{ lease: given[0]!.lease, as: 'ack' }])
    expect(await bench.delivery.describe('mails')).toMatchObject({ backlog: 0, leased: 0 })
  })

  it('gives out what is urgent first, and drops what is too old', async () => {
    await subscribe({ order: 'none', maxAgeMs: 60_000 })
    const soon = new Date(bench.clock.now() + 1_000).toISOString()
    await bench.publish(
      'orders',
      { id: 'plain', type: 'order' },
      { id: 'short', type: 'order', extensions: { expirytime: soon } },
      { id: 'urgent', type: 'order', extensions: { priority: 9 } },
    )
    await bench.take('mails', 0)
    await bench.advance(2_000)
    const given = await bench.take('mails')
    expect(ids(given)).toEqual(['urgent', 'plain'])
    await bench.delivery.settle('mails', [{ lease: given[1]!.lease, as: 'release' }])
    await bench.advance(60_000)
    expect(await bench.take('mails')).toEqual([])
  })

  it('is suspended, and goes on, also for who waits', async () => {
    await subscribe()
    await orders('a-1')
    await bench.delivery.alter('mails', { suspended: true })
    const waiting = bench.delivery.pull('mails', { waitMs: 60_000 })
    await bench.advance(10_000)
    await bench.delivery.alter('mails', { suspended: false })
    await bench.advance(100)
    expect(ids(await waiting)).toEqual(['a-1'])
  })

  it('is moved to a time', async () => {
    await subscribe()
    await orders('a-1')
    const given = await bench.take('mails')
    await bench.delivery.settle('mails', [{ lease: given[0]!.lease, as: 'ack' }])
    expect(await bench.take('mails')).toEqual([])
    await bench.delivery.seek('mails', { time: 0 })
    expect(ids(await bench.take('mails'))).toEqual(['a-1'])
  })

  it('is one for all who make it alike, and refuses what is not valid', async () => {
    const made = await subscribe()
    expect(await subscribe()).toEqual(made)
    await expect(subscribe({ leaseMs: 1 })).rejects.toThrow(/'mails' has another leaseMs/)
    await expect(subscribe({ order: 'some' as 'none' })).rejects.toThrow(/order must be key or partition/)
    await expect(bench.delivery.create('x', { topics: ['nowhere'] })).rejects.toThrow(/no such topic/)
    await expect(bench.delivery.create('x y', { topics: ['orders'] })).rejects.toThrow(/is no name/)
    await expect(bench.delivery.create('x', { topics: ['orders'], filter: 'event.' })).rejects.toThrow(/CEL/)
    await expect(bench.delivery.pull('nobody')).rejects.toThrow(/no such subscription/)
    await bench.delivery.delete('mails')
    expect(await bench.delivery.list()).toEqual([])
  })
})

describe('consumers', () => {
  it('share what there is, each what it wants', async () => {
    await subscribe({ order: 'none' })
    const odd = await bench.delivery.consumer('mails', { wants: ({ subject }) => subject === 'odd' })
    const any = await bench.delivery.consumer('mails', { holds: true })
    const subjects = ['odd', 'even', 'even']
    await bench.publish('orders', ...subjects.map((subject, id) => ({ id: `${id}`, type: 'n', subject })))
    const both = [any.receive({ max: 2, waitMs: 1_000 }), odd.receive({ max: 9, waitMs: 1_000 })]
    await bench.advance(1_000)
    const [first, second] = await Promise.all(both)
    expect(second!.every(({ event }) => event.subject === 'odd')).toBe(true)
    const rest = [...first!, ...second!, ...(await any.receive({ max: 9 }))]
    expect(ids(rest).sort()).toEqual(['0', '1', '2'])
    await any.close()
    await odd.close()
  })

  it('give back what they have when they go; only what they had longest counts', async () => {
    await subscribe({ order: 'none', retry: { attempts: 3, initialMs: 0, factor: 1, maxMs: 0, jitter: 0 } })
    await orders('a-1', 'b-1', 'c-1')
    const culprits = new Set<string>()
    for (let life = 0; life < 3; life++) {
      const consumer = await bench.delivery.consumer('mails', { holds: true })
      const taking = consumer.receive({ max: 9, waitMs: 10 })
      await bench.advance(0)
      culprits.add(ids(await taking)[0]!)
      await bench.advance(100_000)
      await consumer.close()
    }
    expect(culprits.size).toBe(1)
    expect(ids(await bench.take('mails')).sort()).toEqual(
      ['a-1', 'b-1', 'c-1'].filter((id) => !culprits.has(id)),
    )
  })

  it('get no more than may be out at once', async () => {
    await subscribe({ order: 'none', maxInFlight: 2 })
    await orders('a-1', 'b-1', 'c-1')
    const given = await bench.take('mails')
    expect(given).toHaveLength(2)
    expect(await bench.take('mails')).toEqual([])
    await bench.delivery.settle('mails', [{ lease: given[0]!.lease, as: 'ack' }])
    expect(await bench.take('mails')).toHaveLength(1)
  })

  it('of another process take over its partitions with what is not done', async () => {
    await subscribe()
    await orders('a-1', 'b-1', 'c-1', 'd-1')
    const given = await bench.take('mails')
    await bench.delivery.settle('mails', [{ lease: given[0]!.lease, as: 'ack' }])
    const other = bench.another('other')
    const consumer = await other.consumer('mails')
    const closing = bench.delivery.close()
    await bench.advance(5_000)
    await closing
    const taking = consumer.receive({ max: 9, waitMs: 1_000 })
    await bench.advance(1_000)
    expect(ids(await taking).sort()).toEqual(ids(given.slice(1)).sort())
    const ending = other.close()
    await bench.advance(5_000)
    await ending
  })
})

describe('a consumer that does not wait for the disk', () => {
  it('is answered at once; when it asks, or after a moment, it is durable', async () => {
    await subscribe({ order: 'none' })
    await orders('a-1', 'b-1', 'c-1')
    for (const durable of [
      (consumer: Consumer) => consumer.settle([]),
      () => bench.advance(100), // the interval of commits
    ]) {
      const consumer = await bench.delivery.consumer('mails')
      const [one] = await consumer.receive({ waitMs: 1_000 })
      expect(await consumer.settle([{ lease: one!.lease, as: 'ack' }], { soon: true })).toEqual([])
      await durable(consumer)
      await bench.crash()
    }
    expect(await bench.take('mails')).toHaveLength(1)
  })
})

describe('who looks, and takes nothing', () => {
  const late = { id: 'late', type: 'order', extensions: { expirytime: '2020-01-01T00:00:00Z' } }
  const looked = async (): Promise<string[]> => {
    const seen: string[] = []
    for await (const { event } of bench.delivery.browse('mails')) seen.push(event.id)
    return seen.sort()
  }

  it('sees what is not done, also what is given out, and leaves it there', async () => {
    await subscribe({ filter: "event.id != 'd-1'" })
    await orders('a-1', 'a-2', 'b-1', 'd-1')
    await bench.publish('orders', late)
    expect(await looked()).toEqual(['a-1', 'a-2', 'b-1'])
    const [, b] = (await bench.take('mails')).toSorted((one, other) =>
      one.event.id < other.event.id ? -1 : 1,
    )
    await bench.delivery.settle('mails', [{ lease: b!.lease, as: 'ack' }])
    expect(await looked()).toEqual(['a-1', 'a-2'])
  })

  it('sees a dead letter of what expired, as does who takes it', async () => {
    await subscribe({ expired: 'dead-letter' })
    await bench.publish('orders', late)
    await bench.take('mails')
    await bench.delivery.create('letters', { topics: ['mails.dead-letters'] }, 'earliest')
    expect(ids(await bench.take('letters'))).toEqual(['late'])
  })
})

describe('an exclusive consumer', () => {
  it('is given all while it is there, then the next one, then the others', async () => {
    await subscribe({ order: 'none' })
    const others = await bench.delivery.consumer('mails')
    const first = await bench.delivery.consumer('mails', { exclusive: true })
    const second = await bench.delivery.consumer('mails', { exclusive: true })
    const waiting = [others, first, second].map((one) => one.receive({ max: 10, waitMs: 1_000 }))
    await orders('a-1', 'a-2')
    await turns()
    expect(ids(await waiting[1]!).sort()).toEqual(['a-1', 'a-2'])
    expect(await bench.take('mails')).toEqual([])
    await first.close({ clean: true })
    expect(ids(await waiting[2]!).sort()).toEqual(['a-1', 'a-2'])
    await second.close({ clean: true })
    expect(ids(await waiting[0]!).sort()).toEqual(['a-1', 'a-2'])
  })
})
