import { type Stream, type Window, hopping, session, sliding, topic, topology, tumbling } from '@heddle/core'
import { testFabric } from 'heddle/testing'
import { describe, expect, test } from 'vitest'

type Flow = ReturnType<typeof topology>

interface Hit {
  readonly key: string
}

const start = Date.UTC(2026, 0, 1)
const hits = (flow: Flow, from = 'in') => flow.from(topic<Hit>(from)).keyBy((e) => e.data.key)
const counts = (window: Window) => (flow: Flow) => hits(flow).window(window).count()

/** Steps that give results later than their elements came, or with an earlier time than they could have. */
const steps: Readonly<Record<string, (flow: Flow) => Stream<unknown>>> = {
  tumbling: counts(tumbling('1m')),
  'tumbling with grace': counts(tumbling('1m', { grace: '3m' })),
  'tumbling with updates': counts(tumbling('1m', { grace: '3m', emit: 'updates' })),
  'tumbling with early results': counts(tumbling('1m', { emit: { early: '5s' } })),
  hopping: counts(hopping('1m', { advance: '10s' })),
  session: counts(session('30s', { grace: '1m' })),
  sliding: counts(sliding('1m', { grace: '1m' })),
  'two windows': (flow) =>
    counts(tumbling('10s', { grace: '1m' }))(flow)
      .keyBy(() => 1)
      .window(session('1m'))
      .count(),
  join: (flow) =>
    hits(flow).join(hits(flow, 'other'), (left, right) => [left, right], {
      within: '1m',
      grace: '1m',
      type: 'outer',
    }),
  'process with a timer': (flow) =>
    hits(flow).process<string, number>({
      element: (_, context) => context.setTimer(context.time + 45_000),
      timer: (context) => context.emit(context.key),
    }),
  delay: (flow) => hits(flow).delay('1m'),
  debounce: (flow) => hits(flow).debounce('20s', { by: (e) => e.data.key }),
  batch: (flow) => hits(flow).batch({ count: 5, within: '30s' }),
  gather: (flow) => hits(flow).gather({ by: (e) => e.data.key, until: 5, timeout: '1m' }),
}

describe.each(Object.entries(steps))('what comes of %s', (_, build) => {
  test('is late for no window behind it', async () => {
    const flow = topology('t', { guarantee: 'exactly-once', idleAfter: '2s' })
    const results = build(flow)
      .wireTap((copy) => copy.to(topic('results')))
      .keyBy(() => 'all')
      .window(tumbling('1s'))
      .count({ onLate: (late) => late.to(topic('late')) })
      .to(topic('out'))
    await using fabric = await testFabric({ now: start })
    await fabric.submit(results)
    for (let n = 0; n < 60; n++) {
      await fabric.publish(n % 3 === 2 ? 'other' : 'in', [{ data: { key: `k${n % 4}` } }])
      await fabric.advance(n % 10 === 9 ? '1m' : '4s')
    }
    await fabric.advance('1h')
    const counted = await fabric.data<{ value: number }>('out')
    expect(await fabric.data('late')).toEqual([])
    expect((await fabric.data('results')).length).toBeGreaterThan(5)
    expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe((await fabric.data('results')).length)
  })
})
