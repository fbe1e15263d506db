import {
  type Claim,
  type ClaimStore,
  type Event,
  type Guarantee,
  type Replied,
  type Stream,
  type Topology,
  backoff,
  fromTopic,
  otherwise,
  replyTo,
  toTopic,
  topic,
  topology,
} from '@heddle/core'
import { type TestFabric, testFabric } from 'heddle/testing'
import { describe, expect, test } from 'vitest'

interface Order {
  readonly id: string
  readonly lines: readonly string[]
}

const guarantees = ['at-least-once', 'exactly-once'] as const
const flow = <T>(guarantee: Guarantee = 'exactly-once'): Stream<Event<T>> =>
  topology('t', { guarantee }).from(topic<T>('in'))

async function run(
  fabric: TestFabric,
  made: Topology,
  data: readonly unknown[],
  time: '1s' | '1m' | '1h' = '1s',
): Promise<readonly unknown[]> {
  await fabric.submit(made)
  await fabric.publish(
    'in',
    data.map((each) => ({ data: each })),
  )
  await fabric.advance(time)
  return fabric.data('out')
}

describe.each(guarantees)('%s', (guarantee) => {
  test('a splitter and its aggregator', async () => {
    await using fabric = await testFabric()
    const made = flow<Order>(guarantee)
      .split((o) => o.data.lines)
      .map((part) => ({ ...part, part: part.part.toUpperCase() }))
      .gatherParts()
      .to(topic('out'))
    expect(
      await run(fabric, made, [
        { id: '1', lines: ['a', 'b'] },
        { id: '2', lines: ['c'] },
      ]),
    ).toEqual([['A', 'B'], ['C']])
    expect(await fabric.state('t', 'gather')).toEqual({})
  })

  test('gather: by count, by what it has, or when time is up, also after a crash', async () => {
    await using fabric = await testFabric()
    const made = flow<{ group: string; n: number }>(guarantee)
      .map((e) => e.data)
      .gather({ by: ({ group }) => group, until: (all) => all.some(({ n }) => n === 0), timeout: '10s' })
      .to(topic('out'))
    await fabric.submit(made)
    await fabric.publish('in', [{ data: { group: 'a', n: 1 } }, { data: { group: 'b', n: 2 } }])
    await fabric.advance('1s')
    await fabric.crash()
    await fabric.publish('in', [{ data: { group: 'a', n: 0 } }])
    await fabric.advance('1s')
    expect(await fabric.data('out')).toMatchObject([{ key: 'a', complete: true }])
    await fabric.advance('1m')
    expect(await fabric.data('out')).toEqual([
      {
        key: 'a',
        elements: [
          { group: 'a', n: 1 },
          { group: 'a', n: 0 },
        ],
        complete: true,
      },
      { key: 'b', elements: [{ group: 'b', n: 2 }], complete: false },
    ])
  })

  test('scatter-gather brings together what the branches give in time', async () => {
    await using fabric = await testFabric()
    const made = flow<number>(guarantee)
      .scatterGather(
        {
          twice: (s) => s.map((e) => 2 * e.data),
          odd: (s) => s.filter((e) => e.data % 2 === 1).map(() => true),
          later: (s) => s.enrich(async (e) => `${e.data}`),
        },
        (found, e) => ({ n: e.data, ...found }),
        { timeout: '5s' },
      )
      .to(topic('out'))
    expect(await run(fabric, made, [1, 2], '1s')).toEqual([{ n: 1, twice: 2, odd: true, later: '1' }])
    await fabric.advance('10s')
    expect((await fabric.data('out'))[1]).toEqual({ n: 2, twice: 4, later: '2' })
    expect(await fabric.state('t', 'scatter-gather')).toEqual({})
  })

  test('a dynamic recipient list, and a topic that is not on it', async () => {
    await using fabric = await testFabric()
    const made = flow<readonly string[]>(guarantee).toEach([topic('a'), topic('b')], (e) => e.data)
    await run(fabric, made, [['a'], ['a', 'b'], [], ['c']])
    expect((await fabric.read('a')).length).toBe(2)
    expect((await fabric.read('b')).length).toBe(1)
    expect((await fabric.deadLetters('t')).map(({ data }) => data)).toEqual([['c']])
  })

  test('a routing slip', async () => {
    await using fabric = await testFabric()
    const made = flow<string>(guarantee)
      .map((e) => e.data)
      .routingSlip((text) => (text.length > 1 ? ['b', 'a'] : ['a']), {
        a: (text) => `${text}a`,
        b: async (text) => `${text}b`,
      })
      .to(topic('out'))
    expect(await run(fabric, made, ['x', 'xx'])).toEqual(['xa', 'xxba'])
  })

  test('normaliser and content filters', async () => {
    await using fabric = await testFabric()
    await fabric.submit(
      flow<{ v: number }>(guarantee)
        .normalise({
          old: (e) => ({ n: e.data.v, secret: 1, by: 'old' }),
          test: (e) => ({ n: e.data.v + 1, secret: 2, by: 'new' }),
        })
        .omit('secret')
        .wireTap((s) => s.pick('n').to(topic('n')))
        .to(topic('out')),
    )
    await fabric.publish('in', [{ type: 'old', data: { v: 1 } }, { data: { v: 1 } }, { type: 'unknown' }])
    await fabric.advance('1s')
    expect(await fabric.data('out')).toEqual([
      { n: 1, by: 'old' },
      { n: 2, by: 'new' },
    ])
    expect(await fabric.data('n')).toEqual([{ n: 1 }, { n: 2 }])
    expect((await fabric.deadLetters('t')).length).toBe(1)
  })

  test('a resequencer waits for what is missing, until it gives it up', async () => {
    await using fabric = await testFabric()
    await fabric.submit(
      flow<number>(guarantee)
        .map((e) => e.data)
        .resequence({ by: () => 'all', sequence: (n) => n, first: 1, timeout: '10s' })
        .to(topic('out')),
    )
    await fabric.publish(
      'in',
      [3, 1, 2, 2, 6, 5].map((data) => ({ data })),
    )
    await fabric.advance('1s')
    expect(await fabric.data('out')).toEqual([1, 2, 3])
    await fabric.crash()
    await fabric.advance('30s')
    expect(await fabric.data('out')).toEqual([1, 2, 3, 5, 6])
    await fabric.publish('in', [{ data: 4 }, { data: 7 }])
    await fabric.advance('1s')
    expect(await fabric.data('out')).toEqual([1, 2, 3, 5, 6, 7])
  })

  test('a claim check, over a topic and a crash', async () => {
    await using fabric = await testFabric()
    const texts = new Map<string, string>()
    const store: ClaimStore = {
      put: async (id, text) => void texts.set(id, text),
      get: async (id) => texts.get(id),
    }
    await fabric.submit(
      flow<{ scan: string }>(guarantee)
        .checkIn(store, (e) => e.subject)
        .to(topic('claims')),
    )
    const [sent] = await fabric.publish('in', [{ subject: 'a', data: { scan: 'x'.repeat(100) } }])
    await fabric.advance('1s')
    await fabric.crash()
    expect((await fabric.data('claims'))[0]).toEqual({ claim: expect.any(String), kept: 'a' })
    expect([...texts.keys()]).toEqual([(await fabric.data<{ claim: string }>('claims'))[0]!.claim])
    await fabric.publish('claims', [{ data: { claim: 'none', kept: 'b' } }])
    await fabric.submit(
      topology('u', { guarantee })
        .from(topic<Claim<Event<{ scan: string }>, string>>('claims'))
        .map((e) => e.data)
        .checkOut(store)
        .to(topic('out')),
    )
    await fabric.advance('1s')
    expect(await fabric.read('out')).toMatchObject([{ id: sent!.id, subject: 'a', data: sent!.data }])
    expect((await fabric.deadLetters('u')).map(({ data }) => data)).toEqual([{ claim: 'none', kept: 'b' }])
  })

  test('delay holds events as they are, for as long as need be, also over crashes', async () => {
    await using fabric = await testFabric()
    await fabric.submit(
      flow<string>(guarantee)
        .delay((e) => (e.data === 'soon' ? 1000 : 7_200_000))
        .to(topic('out')),
    )
    const [late, soon] = await fabric.publish('in', [
      { data: 'late', subject: 's', extensions: { x: 1 } },
      { data: 'soon' },
    ])
    await fabric.advance('2s')
    expect((await fabric.read('out')).map(({ id }) => id)).toEqual([soon!.id])
    await fabric.crash()
    await fabric.advance('1h')
    expect((await fabric.read('out')).length).toBe(1)
    await fabric.advance('1h')
    const out = await fabric.read('out')
    expect(out[1]).toMatchObject({ id: late!.id, data: 'late', subject: 's', time: late!.time })
    expect(await fabric.state('t', 'delay')).toEqual({ waiting: 0 })
  })

  test('throttle lets pass so many in a time, each key for itself, in order', async () => {
    await using fabric = await testFabric()
    await fabric.submit(
      flow<string>(guarantee)
        .map((e) => e.data)
        .throttle({ rate: 2, by: (text) => text[0]! })
        .to(topic('out')),
    )
    await fabric.publish(
      'in',
      ['a1', 'a2', 'a3', 'a4', 'b1'].map((data) => ({ data })),
    )
    await fabric.advance('100ms')
    expect(await fabric.data('out')).toEqual(['a1', 'b1'])
    await fabric.advance('1s')
    expect(await fabric.data('out')).toEqual(['a1', 'b1', 'a2', 'a3'])
    await fabric.crash()
    await fabric.advance('3s')
    expect(await fabric.data('out')).toEqual(['a1', 'b1', 'a2', 'a3', 'a4'])
    expect(await fabric.state('t', 'throttle')).toEqual({})
  })

  test('debounce tells the last one, when it is quiet', async () => {
    await using fabric = await testFabric()
    await fabric.submit(
      flow<string>(guarantee)
        .map((e) => e.data)
        .debounce('5s', { by: (text) => text[0]! })
        .to(topic('out')),
    )
    for (const data of ['a1', 'a2', 'b1', 'a3']) {
      await fabric.publish('in', [{ data }])
      await fabric.advance('3s')
    }
    await fabric.advance('1m')
    expect(await fabric.data('out')).toEqual(['a2', 'b1', 'a3'])
  })

  test('batch: so many, or what there is when time is up', async () => {
    await using fabric = await testFabric()
    const made = flow<number>(guarantee)
      .map((e) => e.data)
      .batch({ count: 3, within: '10s' })
      .to(topic('out'))
    expect(await run(fabric, made, [1, 2, 3, 4, 5])).toEqual([[1, 2, 3]])
    await fabric.crash()
    await fabric.advance('1m')
    expect(await fabric.data('out')).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
  })

  test('request-reply over topics, with a timeout', async () => {
    await using fabric = await testFabric()
    await fabric.submit(
      flow<string>(guarantee)
        .map((e) => e.data)
        .request(topic('asks'), topic<string>('answers'), { timeout: '10s' })
        .map(({ request, reply }: Replied<string, Event<string>>) => `${request} ${reply?.data ?? 'nothing'}`)
        .to(topic('out')),
    )
    await fabric.submit(
      topology('service', { guarantee })
        .from(topic<string>('asks'))
        .filter((e) => e.data !== 'silence')
        .map((e) => replyTo(e, { type: 'answer', data: `${e.data}!` }))
        .to(topic('answers')),
    )
    await fabric.publish('in', [{ data: 'silence' }, { data: 'hello' }])
    await fabric.advance('1s')
    expect(await fabric.data('out')).toEqual(['hello hello!'])
    await fabric.advance('1m')
    expect(await fabric.data('out')).toEqual(['hello hello!', 'silence nothing'])
  })
})

test('peek looks, and changes nothing', async () => {
  await using fabric = await testFabric()
  const seen: unknown[] = []
  const made = flow<number>()
    .peek((e) => void seen.push(e.data))
    .to(topic('out'))
  expect(await run(fabric, made, [1, 2])).toEqual([1, 2])
  expect(seen).toEqual([1, 2])
})

test('a loop comes to its end, or the element fails', async () => {
  await using fabric = await testFabric()
  const made = flow<number>()
    .map((e) => e.data)
    .loop(async (n) => n - 1, {
      until: (n) => n === 0,
      rounds: 5,
      onError: (s) => s.map(({ error, value }) => [value, error.code]).to(topic('failed')),
    })
    .to(topic('out'))
  expect(await run(fabric, made, [5, 6, 0])).toEqual([0, 0])
  expect(await fabric.data('failed')).toEqual([[6, 'HEDDLE_LOOP_UNFINISHED']])
})

test('samples: every so manyth, a share of the keys, the first in each time', async () => {
  await using fabric = await testFabric()
  const numbers = flow<number>().map((e) => e.data)
  await fabric.submit(
    topology('t', { guarantee: 'exactly-once' }).all(
      numbers.sample({ every: 10 }).to(topic('tenth')),
      numbers.sample({ share: 0.3, by: (n) => n % 100 }).to(topic('share')),
      numbers.sample({ per: '10s', by: (n) => n % 2 }).to(topic('first')),
    ),
  )
  await fabric.publish(
    'in',
    Array.from({ length: 200 }, (_, data) => ({ data })),
  )
  await fabric.advance('1s')
  expect((await fabric.data('tenth')).slice(0, 2)).toEqual([9, 19])
  const share = await fabric.data<number>('share')
  expect(share.length).toBeGreaterThan(20)
  expect(share.length).toBeLessThan(100)
  // The same keys each time.
  expect(new Set(share.map((n) => n % 100)).size).toBe(share.length / 2)
  expect(await fabric.data('first')).toEqual([0, 1])
  await fabric.advance('10s')
  await fabric.publish('in', [{ data: 7 }])
  await fabric.advance('1s')
  expect(await fabric.data('first')).toEqual([0, 1, 7])
})

test('what waits beyond the limit is a dead letter, and the rest goes on', async () => {
  await using fabric = await testFabric()
  await fabric.submit(
    flow<number>().route(
      { delay: (e) => e.data < 3, rest: otherwise },
      {
        delay: (s) => s.delay('1h', { limit: 2 }).to(topic('out')),
        rest: (s) => s.to(topic('out')),
      },
    ),
  )
  await fabric.publish(
    'in',
    [0, 1, 2, 3].map((data) => ({ data })),
  )
  await fabric.advance('2h')
  expect(await fabric.data('out')).toEqual([3, 0, 1])
  expect((await fabric.deadLetters('t')).map(({ data }) => data)).toEqual([2])
})

test('a circuit breaker makes no calls while it is open, and closes after one that works', async () => {
  await using fabric = await testFabric()
  const calls: number[] = []
  let down = true
  await fabric.submit(
    flow<number>()
      .map((e) => e.data)
      .enrich(
        async (n) => {
          calls.push(n)
          if (down) throw new Error('down')
          return n
        },
        {
          breaker: { failures: 2, pause: '10s' },
          retry: backoff('1ms', { attempts: 1 }),
          onError: (s) => s.map(({ value, error }) => [value, error.code]).to(topic('failed')),
        },
      )
      .to(topic('out')),
  )
  const send = async (...data: readonly number[]): Promise<void> => {
    await fabric.publish(
      'in',
      data.map((each) => ({ data: each })),
    )
    await fabric.advance('1s')
  }
  await send(1, 2, 3, 4)
  expect(calls).toEqual([1, 2])
  expect((await fabric.data('failed')).slice(2)).toEqual([
    [3, 'HEDDLE_BREAKER_OPEN'],
    [4, 'HEDDLE_BREAKER_OPEN'],
  ])
  await fabric.advance('10s')
  await send(5, 6) // one call decides, and it fails
  expect(calls).toEqual([1, 2, 5])
  down = false
  await fabric.advance('10s')
  await send(7, 8)
  expect(calls).toEqual([1, 2, 5, 7, 8])
  expect(await fabric.data('out')).toEqual([7, 8])
})

test('a flow in a graph', async () => {
  await using fabric = await testFabric()
  const t = topology.graph('t', { guarantee: 'exactly-once' })
  const numbers = t.spout(
    'numbers',
    fromTopic<number, { n: number }>('in', (e) => ({ n: e.data })),
    { fields: ['n'] },
  )
  const sums = t.flow('sums', numbers, (s) =>
    s
      .filter(({ n }) => n > 0)
      .keyBy(({ n }) => n % 2)
      .fold(
        () => 0,
        (sum, { n }) => sum + n,
      ),
  )
  t.bolt('out', toTopic('out')).shuffle(sums)
  t.flow('all', numbers, (s) => s.map(({ n }) => n).to(topic('all')))
  expect(t.plan.components.map(({ id }) => id)).toEqual([
    'numbers',
    'sums',
    'sums.filter',
    'sums.keyBy',
    'sums.fold',
    'out',
    'all',
    'all.map',
    'all.to-all',
  ])
  expect(await run(fabric, t, [1, -5, 2, 3])).toEqual([1, 2, 4])
  expect(await fabric.data('all')).toEqual([1, -5, 2, 3])
})
