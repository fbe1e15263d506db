import {
  type Bolt,
  type Event,
  type Log,
  type Spout,
  type Stream,
  type TaskContext,
  event,
  fromRecord,
  hopping,
  session,
  sliding,
  toRecord,
  toTopic,
  topic,
  topology,
  tumbling,
} from '@heddle/core'
import { openMemoryLog } from '@heddle/log/memory'
import { testFabric } from 'heddle/testing'
import { expect, test } from 'vitest'
import { SmallStorm } from './small-storm.fixture.ts'

interface Hit {
  readonly id: number
  readonly key: string
  readonly n: number
}

const start = Date.UTC(2026, 0, 1)
const hit = (s: number, data: Hit) =>
  toRecord(event({ type: 'hit', source: '/t', time: new Date(start + s * 1000).toISOString(), data }))

/** Tasks of a whole topology are started again and again, on a machine that may be busy. */
const patience = 240_000

/** Event time follows the events alone, however long a test takes. */
const settings = { idleAfter: '10h', commitInterval: '5ms' } as const

async function opened(...topics: readonly string[]): Promise<Log> {
  const log = await openMemoryLog()
  for (const name of topics) await log.createTopic({ name, partitions: 1 })
  return log
}

/** Data of a topic, as soon as there is so much. The patience is that of the test. */
async function dataIn<T>(log: Log, name: string, count: number): Promise<readonly T[]> {
  const found: T[] = []
  for (let offset = 0; found.length < count;)
    for (const part of await log.read([{ topic: name, partition: 0, offset }], { waitMs: 1000 })) {
      found.push(...part.records.map((record) => fromRecord(record, part).data as T))
      offset = part.nextOffset
    }
  return found
}

/** Waits until all that was read is done, and all that came of it has come out. */
async function atRest(log: Log): Promise<void> {
  const resting = async (): Promise<boolean> => {
    for (const { offsets } of await log.listGroups())
      for (const { topic: name, partition, offset, metadata } of offsets) {
        const found = (await log.partitions(name)).find((each) => each.partition === partition)
        if (metadata !== undefined || offset < found!.latest) return false
      }
    return true
  }
  while (!(await resting())) await new Promise(setImmediate)
}

test(
  'windows behind windows count what a recount counts, whatever is killed',
  async () => {
    const times = topology('t', settings)
      .from(topic<Hit>('in'))
      .dedupe({ by: (e) => e.data.id, within: '1h', name: 'once' })
      .keyBy((e) => e.data.key)
      .window(tumbling('10s'))
      .sum((e) => e.data.n, { name: 'sums', parallelism: 2 })
      .keyBy((sum) => sum.key)
      .window(tumbling('1m'))
      .sum((sum) => sum.value, { name: 'minutes' })
      .map(({ key, window, value }) => `${key} ${(window.start - start) / 60_000} ${value}`)
      .to(topic('out'))
    const log = await opened('in', 'out')
    const storm = await SmallStorm.submit(times, log)
    const keys = ['a', 'b', 'c']
    let lost: Promise<void> | undefined
    for (let s = 0; s < 180; s++) {
      const hits = keys.map((key, at) => hit(s, { id: s * 10 + at, key, n: s + at }))
      await log.append('in', [...hits, ...hits])
      if (s % 60 === 10) lost = storm.loseAcksOf(['once', 'sums', 'minutes'][Math.floor(s / 60)]!)
      if (s % 60 !== 50) continue
      // What it has in its state comes again.
      await lost
      await storm.kill()
    }
    await log.append('in', [hit(1000, { id: -1, key: 'end', n: 0 })])
    const out = await dataIn<string>(log, 'out', 9)
    await atRest(log)
    expect((await log.partitions('out'))[0]!.latest).toBe(9)
    const recount = keys.flatMap((key, at) =>
      [0, 1, 2].map((minute) => {
        let sum = 0
        for (let s = minute * 60; s < minute * 60 + 60; s++) sum += s + at
        return `${key} ${minute} ${sum}`
      }),
    )
    expect(out.toSorted()).toEqual(recount.toSorted())
    expect(storm.errors).toEqual([])
    storm.stop()
  },
  patience,
)

type Hits = Stream<Event<Hit>>

/** What takes time into account, each as a flow from hits to texts. */
const flows: Readonly<Record<string, (hits: Hits) => Stream<unknown>>> = {
  'hopping windows': (hits) =>
    hits
      .keyBy((e) => e.data.key)
      .window(hopping('10s', { advance: '5s' }))
      .count(),
  'sliding windows': (hits) =>
    hits
      .keyBy((e) => e.data.key)
      .window(sliding('3s'))
      .sum((e) => e.data.n),
  'session windows': (hits) =>
    hits
      .keyBy((e) => e.data.key)
      .window(session('3s'))
      .sum((e) => e.data.n),
  'updates of windows': (hits) =>
    hits
      .keyBy((e) => e.data.key)
      .window(tumbling('10s', { emit: 'updates' }))
      .count(),
  'a join of streams': (hits) =>
    hits
      .keyBy((e) => e.data.id % 10)
      .join(
        hits.filter((e) => e.data.n > 5).keyBy((e) => e.data.id % 10),
        (one, other) => [one.data.id, other?.data.id ?? null],
        { within: '4s', type: 'left' },
      ),
  'windows behind a fold': (hits) =>
    hits
      .keyBy((e) => e.data.key)
      .fold(
        () => 0,
        (sum, e) => sum + e.data.n,
      )
      .keyBy((sum) => sum % 3)
      .window(tumbling('5s'))
      .sum((sum) => sum),
  'a fold': (hits) =>
    hits
      .keyBy((e) => e.data.key)
      .fold(
        () => 0,
        (sum, e) => sum + e.data.n,
      ),
  'a process with timers': (hits) =>
    hits
      .keyBy((e) => e.data.key)
      .process<string, number>({
        element(e, context) {
          context.state = (context.state ?? 0) + e.data.n
          if (e.data.id % 3 === 0) context.setTimer(context.time + 1000)
        },
        timer: (context) => context.emit(`${context.key} ${context.time} ${context.state}`),
      }),
  'a resequencer': (hits) =>
    hits
      .resequence({ by: (e) => e.data.key, sequence: (e) => e.data.n, first: 0, timeout: '1h' })
      .map((e) => e.data.id),
  'a delay': (hits) => hits.delay('20ms').map((e) => e.data.id),
  'a throttle': (hits) => hits.throttle({ rate: 500, by: (e) => e.data.key }).map((e) => e.data.id),
  batches: (hits) => hits.batch({ count: 8, within: '10m' }).map((batch) => batch.map((e) => e.data.id)),
  'a gathering': (hits) => hits.gather({ by: (e) => e.data.n, until: 2 }).map(({ key }) => key),
  'a scatter and gather': (hits) =>
    hits.scatterGather(
      { twice: (s) => s.map((e) => e.data.n * 2), key: (s) => s.map((e) => e.data.key) },
      (found, e) => [e.data.id, found.twice, found.key],
      { timeout: '10m' },
    ),
}

/** Hits of two keys a second, some a little out of order. */
const hits = Array.from({ length: 40 }, (_, id) => {
  const s = Math.floor(id / 2) + (id % 5 === 0 ? -1 : 0)
  return hit(s, { id, key: id % 2 === 0 ? 'a' : 'b', n: Math.floor(id / 2) })
})
const last = hit(10_000, { id: 1_000_001, key: 'end', n: 0 })

const textsOf = (data: readonly unknown[]): readonly string[] =>
  data
    .map((each) => JSON.stringify(each))
    .filter((text) => !/1000001|"end( |"(?!:))/.test(text))
    .toSorted()

test.each(Object.entries(flows))(
  '%s on Storm give what they give on the local engine, also when all is killed',
  async (_, make) => {
    const flow = make(
      topology('t', { ...settings, maxOutOfOrder: '3s' }).from(topic<Hit>('in', { partitions: 1 })),
    ).to(topic('out', { partitions: 1 }))
    await using fabric = await testFabric({ now: start + 20_000_000 })
    await fabric.submit(flow)
    await fabric.log.append('in', [...hits, last])
    await fabric.advance('1m')
    const expected = textsOf(await fabric.data('out'))
    expect(expected.length).toBeGreaterThan(1)

    const log = await openMemoryLog()
    const storm = await SmallStorm.submit(flow, log)
    await log.append('in', hits.slice(0, 25))
    await storm.kill()
    await log.append('in', [...hits.slice(25), last])
    await dataIn(log, 'out', (await fabric.data('out')).length)
    await atRest(log)
    const [{ latest } = { latest: 0 }] = await log.partitions('out')
    expect(textsOf(await dataIn(log, 'out', latest))).toEqual(expected)
    expect(storm.errors).toEqual([])
    storm.stop()
  },
  patience,
)

test('what is late goes its own way', async () => {
  const log = await opened('in', 'out', 'late')
  const flow = topology('t', settings)
    .from(topic<Hit>('in'))
    .keyBy((e) => e.data.key)
    .window(tumbling('10s', { grace: '5s' }))
    .count({ onLate: (late) => late.map((e) => e.data.id).to(topic('late')) })
    .map(({ key, window, value }) => [key, (window.start - start) / 1000, value])
    .to(topic('out'))
  const storm = await SmallStorm.submit(flow, log)
  await log.append('in', [hit(1, { id: 1, key: 'a', n: 1 }), hit(16, { id: 2, key: 'a', n: 1 })])
  expect(await dataIn(log, 'out', 1)).toEqual([['a', 0, 1]])
  await log.append(
    'in',
    [3, 12, 40].map((s) => hit(s, { id: s, key: 'a', n: 1 })),
  )
  expect(await dataIn(log, 'late', 1)).toEqual([3])
  expect(await dataIn(log, 'out', 2)).toEqual([
    ['a', 0, 1],
    ['a', 10, 2],
  ])
  storm.stop()
})

test(
  'a table is read to the end that it had before other topics are',
  async () => {
    const log = await opened('orders', 'customers', 'out')
    const flow = topology('t', settings)
    const customers = flow.table(topic<string>('customers'))
    const joined = flow
      .from(topic<string>('orders'))
      .keyBy((e) => e.data)
      .joinTable(customers, (order, name) => `${order.data} is of ${name}`)
      .to(topic('out'))
    const ids = Array.from({ length: 300 }, (_, n) => `c${n}`)
    const events = (source: string, data: (id: string) => string) =>
      ids.map((id) => toRecord(event({ type: 't', source, partitionkey: id, data: data(id) })))
    await log.append(
      'orders',
      events('/orders', (id) => id),
    )
    await log.append(
      'customers',
      events('/customers', (id) => id.toUpperCase()),
    )
    const storm = await SmallStorm.submit(joined, log)
    expect((await dataIn<string>(log, 'out', 300)).toSorted()).toEqual(
      ids.map((id) => `${id} is of ${id.toUpperCase()}`).toSorted(),
    )
    storm.stop()
  },
  patience,
)

test("ticks and timers of the user's bolts, behind spouts of the user's", async () => {
  const log = await opened('out')
  const t = topology.graph('t', { ...settings, tickInterval: '20ms' })
  const spout: Spout<{ n: number }> = {
    next(out) {
      if (emitted < 3) out.emit({ n: ++emitted }, { id: String(emitted), time: start + emitted * 1000 })
    },
  }
  let emitted = 0
  const counter: { create: () => Bolt<{ n: number }, { value: string }> } = {
    create() {
      let context: TaskContext
      let told = false
      return {
        open: (opened) => void (context = opened),
        execute({ values: { n } }) {
          context.state.put('sum', (context.state.get<number>('sum') ?? 0) + n)
          context.timers.set(`timer ${n}`, start + n * 1000 + 500)
        },
        timer: ({ key }, out) => out.emit({ value: key }),
        tick(out) {
          if (told || context.state.get('sum') !== 6) return
          told = true
          out.emit({ value: 'a tick found 6' })
        },
      }
    },
  }
  const numbers = t.spout('numbers', spout, { fields: ['n'] })
  const counted = t.bolt('counter', counter, { fields: ['value'] }).global(numbers)
  t.bolt('out', toTopic(topic('out'))).shuffle(counted)
  const storm = await SmallStorm.submit(t, log)
  // The last one waits for a later event.
  expect((await dataIn<string>(log, 'out', 3)).toSorted()).toEqual(['a tick found 6', 'timer 1', 'timer 2'])
  storm.stop()
})
