import type { Delivery } from '@heddle/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Bench, openBench } from '../bench.fixture.ts'
import { processOf } from './lease-id.ts'

let bench: Bench
let other: Delivery

beforeEach(async () => {
  bench = await openBench()
  await bench.log.createTopic({ name: 'orders', partitions: 1 })
  await bench.delivery.create('mails', {
    topics: ['orders'],
    leaseMs: 10_000,
    retry: { attempts: 9, initialMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0 },
  })
  other = bench.another('other')
})
afterEach(async () => {
  await bench.meanwhile(other.close())
  await bench.close()
})

const publish = (...ids: readonly string[]) =>
  bench.publish('orders', ...ids.map((id) => ({ id, source: '/shop', type: 'order' })))

describe('a settlement that comes to another process', { timeout: 60_000 }, () => {
  it('is brought to the one that gave the lease, and is durable when it is answered', async () => {
    await publish('1', '2', '3')
    const [one, two, three] = await bench.take('mails')
    const lost = await other.settle('mails', [
      { lease: one!.lease, as: 'ack' },
      { lease: two!.lease, as: 'nack', reason: 'no' },
      { lease: three!.lease, as: 'extend', ms: 60_000 },
      { lease: 'nonsense', as: 'ack' },
    ])
    expect(lost).toEqual(['nonsense'])
    expect(await other.describe('mails')).toMatchObject({ backlog: 2, leased: 0 })
    await bench.advance(30_000)
    expect(await bench.take('mails')).toMatchObject([{ attempt: 2, event: { id: '2' } }])
    expect(await other.settle('mails', [{ lease: three!.lease, as: 'ack' }])).toEqual([])
    // A second time it is lost, as it is where it was given.
    expect(await other.settle('mails', [{ lease: three!.lease, as: 'ack' }])).toEqual([three!.lease])
    await bench.crash()
    await bench.advance(60_000)
    expect(await bench.take('mails')).toMatchObject([{ event: { id: '2' } }])
  })

  it('is lost when the one that gave the lease is gone, and its event comes again', async () => {
    await publish('1')
    const [one] = await bench.take('mails')
    // Until it is committed that it was given out.
    await bench.advance(1_000)
    await bench.crash()
    other = bench.another('other')
    const settled = other.settle('mails', [{ lease: one!.lease, as: 'ack' }])
    expect(await bench.meanwhile(settled)).toEqual([one!.lease])
    expect(await bench.take('mails')).toMatchObject([{ attempt: 2, event: { id: '1' } }])
  })

  it('does not go to who reads what is no message', async () => {
    await publish('1')
    const [one] = await bench.take('mails')
    for (const value of ['nonsense', '{}', '{"request":"x","to":"y"}', null])
      await bench.log.append('heddle.settlements', [{ value, headers: [] }])
    expect(await other.settle('mails', [{ lease: one!.lease, as: 'ack' }])).toEqual([])
  })
})

it('tells which process gave a lease, where it is one', async () => {
  await publish('1')
  const [one] = await bench.take('mails')
  expect(processOf(one!.lease)).toMatch(/^[0-9a-f]{8}$/)
  for (const lease of ['', 'x', '5f0e9a4b-1', '5f0e9a4b.0-1 ']) expect(processOf(lease)).toBeUndefined()
})
