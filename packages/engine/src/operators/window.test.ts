import {
  type Guarantee,
  type Window,
  type Windowed,
  global,
  hopping,
  session,
  sliding,
  topic,
  topology,
  tumbling,
} from '@heddle/core'
import fc from 'fast-check'
import { type TestFabric, testFabric } from 'heddle/testing'
import { describe, expect, test } from 'vitest'

interface Hit {
  readonly key: string
  readonly n: number
}
type Result = Windowed<string, number>

const start = Date.UTC(2026, 0, 1)
const at = (s: number): string => new Date(start + s * 1000).toISOString()
const hit = (key: string, s: number, n = 1): { time: string; data: Hit } => ({
  time: at(s),
  data: { key, n },
})

const summing = (window: Window, guarantee: Guarantee = 'exactly-once') =>
  topology('t', { guarantee, idleAfter: '5s' })
    .from(topic<Hit>('in'))
    .keyBy((e) => e.data.key)
    .window(window)
    .sum((e) => e.data.n, { onLate: (late) => late.to(topic('late')), name: 'sum' })
    .to(topic('out'))

/** Results as [key, from, to, value], in seconds. */
async function results(fabric: TestFabric): Promise<readonly (readonly [string, number, number, number])[]> {
  return (await fabric.data<Result>('out')).map(({ key, window, value }) => [
    key,
    (window.start - start) / 1000,
    (window.end - start) / 1000,
    value,
  ])
}

async function opened(window: Window, guarantee?: Guarantee): Promise<TestFabric> {
  const fabric = await testFabric({ now: start })
  await fabric.submit(summing(window, guarantee))
  return fabric
}

describe.each(['at-least-once', 'exactly-once'] as const)('windows, %s', (guarantee) => {
  test('hopping ones overlap', async () => {
    await using fabric = await opened(hopping('10s', { advance: '5s' }), guarantee)
    await fabric.publish('in', [hit('a', 1), hit('a', 6, 10)])
    await fabric.advance('1m')
    expect(await results(fabric)).toEqual([
      ['a', -5, 5, 1],
      ['a', 0, 10, 11],
      ['a', 5, 15, 10],
    ])
  })

  test('sessions grow together, also through an element that comes late', async () => {
    await using fabric = await opened(session('10s', { grace: '20s' }), guarantee)
    await fabric.publish('in', [
      hit('a', 0),
      hit('a', 16, 10),
      hit('b', 3, 5),
      hit('a', 8, 100),
      hit('a', 40, 1000),
    ])
    await fabric.advance('2m')
    expect((await results(fabric)).toSorted((x, y) => x[3] - y[3])).toEqual([
      ['b', 3, 13, 5],
      ['a', 0, 26, 111],
      ['a', 40, 50, 1000],
    ])
    expect(await fabric.state('t', 'sum')).toEqual({})
  })

  test('a crash in the middle changes nothing', async () => {
    for (const window of [
      tumbling('10s'),
      hopping('10s', { advance: '5s' }),
      session('10s'),
      sliding('10s'),
    ]) {
      const run = async (crashes: boolean): Promise<unknown> => {
        await using fabric = await opened(window, 'exactly-once')
        for (const s of [1, 4, 12, 13, 31]) {
          await fabric.publish('in', [hit('a', s), hit('b', s, 2)])
          await fabric.advance('300ms')
          if (crashes) await fabric.crash()
        }
        await fabric.advance('2m')
        return await results(fabric)
      }
      expect(await run(true)).toEqual(await run(false))
    }
  })
})

test('sliding ones look back from each element', async () => {
  await using fabric = await opened(sliding('10s'))
  await fabric.publish('in', [hit('a', 1), hit('a', 5, 10), hit('a', 11, 100), hit('a', 30, 1000)])
  await fabric.advance('2m')
  expect((await results(fabric)).map(([, , to, value]) => [to, value])).toEqual([
    [1.001, 1],
    [5.001, 11],
    [11.001, 110],
    [30.001, 1000],
  ])
  expect(await fabric.state('t', 'sum')).toEqual({})
})

test('a global one tells every so many elements', async () => {
  await using fabric = await opened(global({ every: 2 }))
  await fabric.publish('in', [hit('a', 0), hit('a', 1), hit('b', 1), hit('a', 2), hit('a', 3)])
  await fabric.advance('1s')
  expect((await results(fabric)).map(([key, , , value]) => [key, value])).toEqual([
    ['a', 2],
    ['a', 4],
  ])
})

test('a global one tells by the clock, where something changed', async () => {
  await using fabric = await opened(global({ every: '10s' }))
  await fabric.publish('in', [hit('a', 0), hit('a', 1)])
  await fabric.advance('25s')
  await fabric.publish('in', [hit('a', 25)])
  await fabric.advance('1m')
  expect((await results(fabric)).map(([, , , value]) => value)).toEqual([2, 3])
})

test('late elements go to a stream of their own', async () => {
  await using fabric = await opened(tumbling('10s', { grace: '5s' }))
  await fabric.publish('in', [hit('a', 1), hit('a', 14)])
  await fabric.advance('1s')
  await fabric.publish('in', [hit('a', 2, 10), hit('a', 16)])
  await fabric.advance('1s')
  await fabric.publish('in', [hit('a', 3, 100)])
  await fabric.advance('1m')
  expect(await results(fabric)).toEqual([
    ['a', 0, 10, 11],
    ['a', 10, 20, 2],
  ])
  expect(await fabric.data('late')).toEqual([{ key: 'a', n: 100 }])
  const { components } = await fabric.metrics('t')
  expect(components.find(({ component }) => component === 'sum')!.late).toBe(1)
})

test('early results come by the clock, and the last one when the window is over', async () => {
  for (const window of [
    tumbling('1m', { emit: { early: '10s' } }),
    session('40s', { emit: { early: '10s' } }),
  ]) {
    await using fabric = await opened(window)
    await fabric.publish('in', [hit('a', 0)])
    await fabric.advance('15s')
    await fabric.publish('in', [hit('a', 15)])
    await fabric.advance('3m')
    expect((await results(fabric)).map(([, , , value]) => value)).toEqual([1, 2, 2])
  }
})

test('updates come at each change', async () => {
  for (const window of [tumbling('1m', { emit: 'updates' }), session('40s', { emit: 'updates' })]) {
    await using fabric = await opened(window)
    await fabric.publish('in', [hit('a', 0), hit('a', 1), hit('b', 1)])
    await fabric.advance('3m')
    expect((await results(fabric)).map(([key, , , value]) => [key, value])).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 1],
    ])
  }
})

test('by processing time the clock decides, whatever the events say', async () => {
  for (const window of [tumbling('10s', { time: 'processing' }), session('5s', { time: 'processing' })]) {
    await using fabric = await opened(window)
    await fabric.publish('in', [hit('a', -5000), hit('a', 5000)])
    await fabric.advance('12s')
    await fabric.publish('in', [hit('a', 0)])
    await fabric.advance('30s')
    expect((await results(fabric)).map(([, , , value]) => value)).toEqual([2, 1])
  }
})

test('aggregations', async () => {
  await using fabric = await testFabric({ now: start })
  const windows = topology('t')
    .from(topic<Hit>('in'))
    .keyBy((e) => e.data.key)
    .window(tumbling('10s'))
  const of = (e: { data: Hit }): number => e.data.n
  await fabric.submit(
    topology('t', { idleAfter: '1s' }).all(
      windows.min(of).to(topic('min')),
      windows.max(of).to(topic('max')),
      windows.average(of).to(topic('average')),
      windows
        .collect()
        .map(({ value }) => value.map(of))
        .to(topic('all')),
      windows
        .aggregate(
          () => '',
          (text, e) => `${text}${e.data.n}`,
        )
        .to(topic('custom')),
    ),
  )
  await fabric.publish('in', [hit('a', 1, 3), hit('a', 2, 5), hit('a', 3, 1)])
  await fabric.advance('1m')
  const value = async (name: string): Promise<unknown> => ((await fabric.data(name))[0] as Result).value
  expect([await value('min'), await value('max'), await value('average'), await value('custom')]).toEqual([
    1,
    5,
    3,
    '351',
  ])
  expect(await fabric.data('all')).toEqual([[3, 5, 1]])
})

test('whatever the order in which they come, windows are what they would be of all at once', async () => {
  const hits = fc.array(
    fc.record({
      key: fc.constantFrom('a', 'b'),
      s: fc.integer({ min: 0, max: 120 }),
      n: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 1, maxLength: 25 },
  )
  await fc.assert(
    fc.asyncProperty(hits, fc.integer({ min: 1, max: 1000 }), async (all, seed) => {
      // Nothing is late: what is out of order is so by less than the grace.
      const grace = '200s'
      const windows: readonly [Window, (hits: readonly { s: number; n: number }[]) => number[][]][] = [
        [hopping('20s', { advance: '10s', grace }), (of) => hoppingModel(of, 20, 10)],
        [session('10s', { grace }), (of) => sessionModel(of, 10)],
      ]
      for (const [window, model] of windows) {
        await using fabric = await testFabric({ now: start, seed })
        await fabric.submit(summing(window))
        for (const each of all) await fabric.publish('in', [hit(each.key, each.s, each.n)])
        await fabric.advance('10m')
        const expected = ['a', 'b'].flatMap((key) =>
          model(all.filter((each) => each.key === key)).map((each) => [key, ...each]),
        )
        const order = (rows: readonly (readonly unknown[])[]): string[] =>
          rows.map((row) => JSON.stringify(row)).toSorted()
        expect(order(await results(fabric))).toEqual(order(expected))
      }
    }),
    { numRuns: 15 },
  )
}, 60_000)

function hoppingModel(hits: readonly { s: number; n: number }[], size: number, advance: number): number[][] {
  const sums = new Map<number, number>()
  for (const { s, n } of hits)
    for (let from = Math.floor(s / advance) * advance; from > s - size; from -= advance)
      sums.set(from, (sums.get(from) ?? 0) + n)
  return [...sums].map(([from, sum]) => [from, from + size, sum])
}

function sessionModel(hits: readonly { s: number; n: number }[], gap: number): number[][] {
  const found: number[][] = []
  for (const { s, n } of hits.toSorted((x, y) => x.s - y.s)) {
    const last = found.at(-1)
    if (last && s <= last[1]!) {
      last[1] = s + gap
      last[2]! += n
    } else found.push([s, s + gap, n])
  }
  return found
}
