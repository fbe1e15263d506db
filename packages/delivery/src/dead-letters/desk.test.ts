import { type DeadLetters, fromRecord } from '@heddle/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Bench, ids, openBench } from '../bench.fixture.ts'
import { openDeadLetters } from './desk.ts'

const letters = 'mails.dead-letters'
let bench: Bench
let desk: DeadLetters

beforeEach(async () => {
  bench = await openBench()
  await bench.log.createTopic({ name: 'orders', partitions: 2 })
  await bench.log.createTopic({ name: letters, partitions: 1 })
  const retry = { attempts: 1, initialMs: 0, factor: 1, maxMs: 0, jitter: 0 }
  for (const name of ['mails', 'audit']) await bench.delivery.create(name, { topics: ['orders'], retry })
  desk = openDeadLetters(bench)
})
afterEach(() => bench.close())

/** Events that the subscription gives up. */
async function giveUp(...names: readonly string[]): Promise<void> {
  const events = names.map((id) => ({ id, type: 'order', partitionkey: id, data: { id } }))
  await bench.publish('orders', ...events)
  for (const { lease, event } of await bench.take('mails'))
    await bench.delivery.settle('mails', [{ lease, as: 'nack', reason: `no ${event.id}` }])
}

const listed = async (query: object = {}) =>
  (await desk.list(letters, query)).letters.map(({ event: { id } }) => id).sort()

test('are listed a page at a time, by a condition, and by their place', async () => {
  await giveUp('a', 'b', 'c')
  expect(await listed()).toEqual(['a', 'b', 'c'])
  expect(
    await listed({ filter: "event.extensions.dlerror.contains('no b') && event.data.id == 'b'" }),
  ).toEqual(['b'])
  expect(await listed({ filter: 'event.data.nothing == 1' })).toEqual([])
  const first = await desk.list(letters, { limit: 2 })
  expect(first.letters.map(({ id }) => id)).toEqual(['0:0', '0:1'])
  const second = await desk.list(letters, { limit: 2, after: first.next! })
  expect(second.letters.map(({ id }) => id)).toEqual(['0:2'])
  expect(second.next).toBeUndefined()
  expect((await desk.list(letters, { ids: ['0:1', '0:9'] })).letters).toMatchObject([{ id: '0:1' }])
  await expect(desk.list(letters, { ids: ['x'] })).rejects.toThrow(/partition:offset/)
})

test('are sent again once, to whom gave them up, as they came', async () => {
  await giveUp('a', 'b')
  expect(ids(await bench.take('audit')).sort()).toEqual(['a', 'b'])
  const dry = await desk.redrive(letters, { by: 'ada', dryRun: true })
  expect(dry).toEqual({ sent: { orders: 2 }, skipped: [] })
  expect(await bench.take('mails')).toEqual([])

  const both = [1, 2].map(() => desk.redrive(letters, { by: 'ada' }))
  // Another process at the same time.
  both.push(openDeadLetters(bench).redrive(letters, { by: 'bob' }))
  await bench.advance(1_000)
  const sent = (await Promise.all(both)).map((one) => one.sent['orders'] ?? 0)
  expect(sent.sort((a, b) => a - b)).toEqual([0, 0, 2])

  const again = await bench.take('mails')
  expect(ids(again).sort()).toEqual(['a', 'b'])
  const [one] = again.filter(({ event }) => event.id === 'a')
  expect(one!.event).toMatchObject({ data: { id: 'a' }, extensions: { redriveto: 'subscription/mails' } })
  expect(Object.keys(one!.event.extensions!)).toEqual(['redriveto'])
  expect(await bench.take('audit')).toEqual([])
  expect(await listed()).toEqual([])
  const marked = await desk.list(letters, { all: true })
  expect(marked.letters[0]).toMatchObject({
    mark: { state: 'redriven', to: 'orders', by: expect.stringMatching(/ada|bob/) },
  })
})

test('that fail again become letters of their own, and can be sent elsewhere', async () => {
  await giveUp('a')
  await desk.redrive(letters, { by: 'ada' })
  const [again] = await bench.take('mails')
  await bench.delivery.settle('mails', [{ lease: again!.lease, as: 'nack' }])
  expect(await listed()).toEqual(['a'])
  await bench.log.createTopic({ name: 'by-hand', partitions: 1 })
  expect(await desk.redrive(letters, { by: 'ada', to: 'by-hand' })).toEqual({
    sent: { 'by-hand': 1 },
    skipped: [],
  })
  const [elsewhere] = await bench.records('by-hand')
  const event = fromRecord(elsewhere!.record, { topic: 'by-hand', partition: 0 })
  expect(event).toMatchObject({ id: 'a', data: { id: 'a' } })
  expect(event.extensions).toBeUndefined()
})

test('that cannot be sent stay, and say why; nothing is sent that is not allowed', async () => {
  await giveUp('a')
  await bench.publish(letters, { id: 'made', type: 'x' })
  const allow = async (topic: string): Promise<void> => {
    throw new Error(`not to ${topic}`)
  }
  await expect(desk.redrive(letters, { by: 'ada', allow })).rejects.toThrow('not to orders')
  expect(await desk.redrive(letters, { by: 'ada' })).toMatchObject({
    sent: { orders: 1 },
    skipped: [{ id: '0:1', reason: expect.stringContaining('not read from a topic') }],
  })
  expect(await listed()).toEqual(['made'])
  await bench.log.deleteTopic('orders')
})

test('are dropped, and marks go with what retention deletes', async () => {
  await giveUp('a', 'b')
  expect(await desk.drop(letters, { by: 'ada', ids: ['0:0'] })).toEqual({ dropped: 1 })
  expect(await listed()).toHaveLength(1)
  expect(await desk.drop(letters, { by: 'ada' })).toEqual({ dropped: 1 })
  expect(await desk.redrive(letters, { by: 'ada' })).toEqual({ sent: {}, skipped: [] })
  expect((await bench.log.store('dead-letters')).size()).toBe(2)
  await bench.log.deleteRecords({ topic: letters, partition: 0, offset: 2 })
  const kept = (await bench.log.partitions(letters))[0]!.earliest
  await giveUp('c')
  await desk.drop(letters, { by: 'ada' })
  expect((await bench.log.store('dead-letters')).size()).toBe(3 - kept)
})
