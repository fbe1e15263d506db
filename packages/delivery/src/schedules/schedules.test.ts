import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDeadLetters } from '../dead-letters/desk.ts'
import { type ScheduleBench, openScheduleBench } from './bench.fixture.ts'

let bench: ScheduleBench

beforeEach(async () => {
  bench = await openScheduleBench()
})
afterEach(() => bench.close())

const start = Date.UTC(2026, 0, 1)
const unknown = expect.objectContaining({ code: 'HEDDLE_SCHEDULE_UNKNOWN' })

test('an event is sent when it is due, as it is, once', async () => {
  const id = await bench.add('a', { at: start + 10_000 })
  expect(await bench.during(bench.schedules.count())).toBe(1)
  await bench.advance(9_000)
  expect(await bench.sent()).toEqual([])
  await bench.advance(1_000)
  const [sent, ...more] = await bench.sent()
  expect(more).toEqual([])
  expect(sent).toMatchObject({ id: 'a', type: 'test', data: { id: 'a' } })
  expect(sent!.extensions).toEqual({ scheduleid: id, scheduledtime: '2026-01-01T00:00:10.000Z' })
  await bench.advance(86_400_000)
  expect(await bench.ids()).toEqual(['a'])
  expect(await bench.during(bench.schedules.count())).toBe(0)
}, 60_000)

test('what has passed is sent at once; a delay counts from when it was accepted', async () => {
  await bench.add('past', { at: 0 })
  await bench.add('later', { afterMs: 60_000 })
  expect(await bench.ids()).toEqual(['past'])
  await bench.advance(60_000)
  expect(await bench.ids()).toEqual(['past', 'later'])
}, 60_000)

test('those that are due at once, with one key, are sent in their order', async () => {
  const all = Array.from({ length: 50 }, (_, at) => `${at}`)
  const timing = { at: start + 1_000 }
  await bench.during(
    bench.schedules.add(all.map((id) => ({ topic: 'out', record: bench.record(id, 'k'), timing }))),
  )
  await bench.advance(1_000)
  expect(await bench.ids()).toEqual(all)
}, 60_000)

describe('repeats', { timeout: 60_000 }, () => {
  test('so often, each with an identity of its own, without drifting', async () => {
    await bench.add('a', { afterMs: 500, everyMs: 1_000, times: 3 })
    await bench.advance(500)
    expect(await bench.ids()).toEqual(['a-1'])
    await bench.advance(10_000)
    expect(await bench.ids()).toEqual(['a-1', 'a-2', 'a-3'])
    expect((await bench.sent()).map(({ extensions }) => extensions?.['scheduledtime'])).toEqual([
      '2026-01-01T00:00:00.500Z',
      '2026-01-01T00:00:01.500Z',
      '2026-01-01T00:00:02.500Z',
    ])
  })

  test('without end, and once for all that were missed', async () => {
    await bench.add('a', { everyMs: 1_000 })
    await bench.advance(3_000)
    expect(await bench.ids()).toEqual(['a-1', 'a-2', 'a-3'])
    await bench.during(bench.schedules.close())
    await bench.advance(60_500)
    await bench.crash()
    await bench.advance(1_500)
    expect((await bench.ids()).slice(3)).toEqual(['a-4', 'a-5', 'a-6'])
  })

  test('by cron', async () => {
    const id = await bench.add('a', { cron: '0 9 * * *', timeZone: 'America/New_York', times: 2 })
    const details = await bench.during(bench.schedules.show(id))
    expect(new Date(details.at).toISOString()).toBe('2026-01-01T14:00:00.000Z')
    await bench.advance(3 * 86_400_000)
    expect((await bench.sent()).map(({ extensions }) => extensions?.['scheduledtime'])).toEqual([
      '2026-01-01T14:00:00.000Z',
      '2026-01-02T14:00:00.000Z',
    ])
  })

  test('a run at each time of cron; all of it is cancelled by its id', async () => {
    const id = await bench.add('a', { cron: '0 * * * *', afterMs: 1_000, everyMs: 10_000, times: 3 })
    await bench.advance(3_600_000 + 11_000)
    expect(await bench.ids()).toEqual(['a-1-1', 'a-1-2'])
    expect(await bench.during(bench.schedules.count())).toBe(2)
    await bench.advance(3_600_000 - 10_000)
    expect(await bench.ids()).toEqual(['a-1-1', 'a-1-2', 'a-1-3', 'a-2-1'])
    await bench.during(bench.schedules.cancel(id))
    await bench.advance(86_400_000)
    expect(await bench.ids()).toHaveLength(4)
    expect(await bench.during(bench.schedules.count())).toBe(0)
  })
})

describe('what waits', { timeout: 60_000 }, () => {
  test('is cancelled, and then unknown', async () => {
    const id = await bench.add('a', { afterMs: 1_000 })
    expect(await bench.during(bench.schedules.cancel(id))).toMatchObject({
      id,
      topic: 'out',
      event: { id: 'a' },
    })
    await expect(bench.during(bench.schedules.cancel(id))).rejects.toThrow(unknown)
    await bench.advance(10_000)
    expect(await bench.sent()).toEqual([])
  })

  test('is moved, earlier and later; what repeats goes on from there', async () => {
    const [a, b] = [
      await bench.add('a', { afterMs: 1_000 }),
      await bench.add('b', { afterMs: 60_000, everyMs: 60_000, times: 2 }),
    ]
    await bench.during(bench.schedules.move(a, { afterMs: 100_000 }))
    const moved = await bench.during(bench.schedules.move(b, { afterMs: 500 }))
    expect(moved.at - bench.clock.now()).toBeLessThanOrEqual(500)
    await bench.advance(99_000)
    expect(await bench.ids()).toEqual(['b-1', 'b-2'])
    await bench.advance(2_000)
    expect(await bench.ids()).toEqual(['b-1', 'b-2', 'a'])
    await expect(bench.during(bench.schedules.move(a, { at: start }))).rejects.toThrow(unknown)
  })

  test('is shown with its event', async () => {
    const id = await bench.add('a', { afterMs: 1_000 })
    const { record, ...schedule } = await bench.during(bench.schedules.show(id))
    expect(schedule).toMatchObject({ id, topic: 'out', sent: 0, timing: { afterMs: 1_000 }, bytes: 10 })
    expect(Buffer.from(record.value!).toString()).toBe('{"id":"a"}')
    expect(record.key).toBeNull()
    await expect(bench.during(bench.schedules.show('b'))).rejects.toThrow(unknown)
    await expect(bench.during(bench.schedules.show('no such\n'))).rejects.toThrow(unknown)
  })

  test('is listed over all partitions, a page at a time, in order', async () => {
    await bench.log.createTopic({ name: 'other', partitions: 1 })
    const ids: string[] = []
    for (let at = 0; at < 25; at++)
      ids.push(await bench.add(`${at}`, { at: start + 3_600_000 - at }, at % 5 === 0 ? 'other' : 'out'))
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await bench.during(
        bench.schedules.list({ limit: 7, ...(after !== undefined && { after }) }),
      )
      expect(page.schedules.length).toBeLessThanOrEqual(7)
      seen.push(...page.schedules.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(ids.toReversed())
    const others = await bench.during(bench.schedules.list({ topic: 'other' }))
    expect(others.schedules.map(({ event }) => event.id)).toEqual(['20', '15', '10', '5', '0'])
    await expect(bench.schedules.list({ after: 'x' })).rejects.toThrow(/not the next of a page/)
  })

  test('is asked for where nobody has any', async () => {
    expect(await bench.schedules.list()).toEqual({ schedules: [] })
    expect(await bench.schedules.count()).toBe(0)
    await expect(bench.schedules.cancel('a')).rejects.toThrow(unknown)
    expect(await bench.log.describeTopic('heddle.schedules')).toBeUndefined()
  })
})

test('one with an id that is there takes its place', async () => {
  const add = (event: string, afterMs: number) =>
    bench.during(
      bench.schedules.add([
        { topic: 'out', record: bench.record(event), timing: { afterMs }, id: 'reminder' },
      ]),
    )
  await add('a', 1_000)
  await add('b', 5_000)
  expect(await bench.during(bench.schedules.count())).toBe(1)
  await bench.advance(10_000)
  expect(await bench.ids()).toEqual(['b'])
}, 60_000)

test('a repeat is a duplicate, of what waits and of what was sent; with another timing it is none', async () => {
  const add = (afterMs: number) =>
    bench.during(
      bench.schedules.add([{ topic: 'out', record: bench.record('a'), timing: { afterMs } }], { once: true }),
    )
  const [first] = await add(1_000)
  expect(await add(1_000)).toEqual([{ ...first, at: expect.any(Number), duplicate: true }])
  await bench.advance(2_000)
  expect((await add(1_000))[0]!.duplicate).toBe(true)
  expect((await add(2_000))[0]!.duplicate).toBeUndefined()
  await bench.advance(10_000)
  expect(await bench.ids()).toEqual(['a', 'a'])
}, 60_000)

test('an event expires so long after it was sent', async () => {
  const record = bench.record('a')
  await bench.during(
    bench.schedules.add([{ topic: 'out', record, timing: { afterMs: 60_000 }, expiresAfterMs: 5_000 }]),
  )
  await bench.advance(60_000)
  expect((await bench.sent())[0]!.extensions).toMatchObject({ expirytime: '2026-01-01T00:01:05.000Z' })
}, 60_000)

test('what cannot be sent is a dead letter, and holds up nothing', async () => {
  await bench.log.createTopic({ name: 'gone', partitions: 1 })
  await bench.add('a', { afterMs: 1_000 })
  await bench.add('b', { afterMs: 1_000 }, 'gone')
  await bench.add('c', { afterMs: 1_000 })
  await bench.log.deleteTopic('gone')
  await bench.advance(1_500)
  expect((await bench.ids()).sort()).toEqual(['a', 'c'])
  const [letter, ...more] = await bench.sent('heddle.schedules.dead-letters')
  expect(more).toEqual([])
  expect(letter).toMatchObject({
    id: 'b',
    data: { id: 'b' },
    extensions: { dltopic: 'gone', dlcode: 'HEDDLE_LOG_UNKNOWN_TOPIC' },
  })
  expect(await bench.during(bench.schedules.count())).toBe(0)
  await bench.log.createTopic({ name: 'gone', partitions: 1 })
  const desk = openDeadLetters(bench)
  expect(await desk.redrive('heddle.schedules.dead-letters', { by: 'ada' })).toEqual({
    sent: { gone: 1 },
    skipped: [],
  })
  expect(await bench.ids('gone')).toEqual(['b'])
}, 60_000)

test('what is not valid is refused, all of it', async () => {
  const record = bench.record('a')
  const bad = [
    {},
    { at: 1, afterMs: 1 },
    { at: -1 },
    { afterMs: 1.5 },
    { everyMs: 0 },
    { afterMs: 1, times: 2 },
    { everyMs: 1, times: 0 },
    { cron: '* * * * *', at: 1 },
    { cron: '* * * * *', everyMs: 1 },
    { cron: '* * * * *', afterMs: 1 },
    { cron: 'x' },
    { cron: '0 0 31 2 *' },
    { cron: '* * * * *', timeZone: 'Nowhere' },
    { afterMs: 1, timeZone: 'UTC' },
    { at: 1e15 },
  ]
  for (const timing of bad)
    await expect(
      bench.schedules.add([
        { topic: 'out', record, timing: { afterMs: 1 } },
        { topic: 'out', record, timing },
      ]),
    ).rejects.toMatchObject({ code: 'HEDDLE_SCHEDULE_INVALID' })
  const timing = { afterMs: 1 }
  await expect(bench.schedules.add([{ topic: 'none', record, timing }])).rejects.toMatchObject({
    code: 'HEDDLE_LOG_UNKNOWN_TOPIC',
  })
  await expect(bench.schedules.add([{ topic: 'out', record, timing, id: 'a b' }])).rejects.toThrow(/no id/)
  const large = { ...record, value: 'x'.repeat(1_000_001) }
  await expect(bench.schedules.add([{ topic: 'out', record: large, timing }])).rejects.toMatchObject({
    code: 'HEDDLE_LOG_RECORD_TOO_LARGE',
  })
  await bench.advance(10_000)
  expect(await bench.sent()).toEqual([])
}, 60_000)

test('what somebody else wrote into their topic is passed over', async () => {
  await bench.add('a', { afterMs: 1_000 })
  const headers = [['ce_type', 'heddle.schedule.set']] as const
  const all = [0, 1, 2, 3].flatMap((partition) => [
    { value: 'x', headers, partition },
    { value: null, partition },
    { value: '{', headers: [['ce_type', 'heddle.schedule.cancel']] as const, partition },
    { value: '{}', headers: [['ce_type', 'heddle.schedule.dance']] as const, partition },
    { value: '{"request":"x"}', headers: [['ce_type', 'heddle.schedule.cancel']] as const, partition },
  ])
  await bench.log.append('heddle.schedules', all)
  await bench.add('b', { afterMs: 1_000 })
  await bench.advance(2_000)
  expect((await bench.ids()).sort()).toEqual(['a', 'b'])
}, 60_000)

test('processes share them, and one goes on for another', async () => {
  await bench.add('a', { afterMs: 10_000 })
  const other = bench.another()
  await bench.advance(6_000)
  for (let at = 0; at < 8; at++) await bench.add(`${at}`, { afterMs: 10_000 })
  expect(await bench.during(other.count())).toBe(9)
  await bench.during(bench.schedules.close())
  await bench.advance(30_000)
  expect((await bench.ids()).sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', 'a'])
  await bench.during(other.close())
}, 60_000)
