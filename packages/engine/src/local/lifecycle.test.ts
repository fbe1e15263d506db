import {
  type Bolt,
  type Duration,
  type Engine,
  type Event,
  type Log,
  ManualClock,
  type Topology,
  type Windowed,
  fromTopic,
  toTopic,
  topic,
  topology,
  tumbling,
} from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Harness, publish, read, until } from '../fixtures/harness.ts'
import { localEngine } from './local-engine.ts'

let harness: Harness
let log: Log

beforeEach(async () => {
  harness = new Harness()
  log = await openEmbeddedLog({ path: harness.path })
})

afterEach(async () => {
  await log.close()
  harness.remove()
})

const guarantees = ['at-least-once', 'exactly-once'] as const
type Guarantee = (typeof guarantees)[number]

const copy = (guarantee: Guarantee, work: (n: number) => unknown = (n) => n): Topology =>
  topology('t', { guarantee })
    .from(topic<number>('in'))
    .map((e) => work(e.data), { name: 'work' })
    .to(topic('out', { partitions: 1 }))

const dataOf = (events: readonly Event[]): number[] =>
  events.map(({ data }) => data as number).toSorted((a, b) => a - b)

const range = (from: number, to: number): { data: number }[] =>
  Array.from({ length: to - from }, (_, n) => ({ data: from + n }))

const outCount = async (): Promise<number> => (await log.partitions('out'))[0]!.latest
const caughtUp = (engine: Engine) => async (): Promise<boolean> => {
  const { lag, pending } = await engine.metrics('t')
  return lag === 0 && pending === 0
}

describe.each(guarantees)('life, %s', (guarantee) => {
  test('what was done before kill is not done again, and what comes meanwhile is not lost', async () => {
    await publish(log, 'in', range(0, 100))
    for (let life = 1; life <= 3; life++) {
      const engine = localEngine({ log })
      await engine.submit(copy(guarantee))
      await until('all are read', caughtUp(engine))
      await engine.kill('t')
      expect(await engine.list()).toEqual([])
      await publish(log, 'in', range(100 * life, 100 * (life + 1)))
    }
    const engine = localEngine({ log })
    await engine.submit(copy(guarantee))
    expect(dataOf(await read(log, 'out', 400))).toEqual(range(0, 400).map(({ data }) => data))
    await engine.close()
    expect(await outCount()).toBe(400)
  })

  test('kill waits for what is under way, or leaves it to the next', async () => {
    await publish(log, 'in', range(0, 5))
    let hang = true
    const started = Promise.withResolvers<void>()
    const work = (n: number): unknown => {
      if (n !== 3 || !hang) return n
      started.resolve()
      return new Promise(() => {})
    }
    const engine = localEngine({ log })
    await engine.submit(copy(guarantee, work))
    await started.promise
    await engine.kill('t', { waitMs: 0 })
    hang = false
    await engine.submit(copy(guarantee, work))
    await until('all are done', caughtUp(engine))
    await engine.close()
    const done = await outCount()
    const out = dataOf(await read(log, 'out', done))
    expect([...new Set(out)]).toEqual([0, 1, 2, 3, 4])
    // What was abandoned may come again, unless each counts once.
    expect(out.length).toBeLessThanOrEqual(guarantee === 'exactly-once' ? 5 : 10)

    await publish(log, 'in', range(5, 6))
    const gate = Promise.withResolvers<number>()
    const begun = Promise.withResolvers<void>()
    const draining = localEngine({ log })
    await draining.submit(
      copy(guarantee, () => {
        begun.resolve()
        return gate.promise
      }),
    )
    await begun.promise
    const killed = draining.kill('t')
    expect((await draining.list())[0]!.state).not.toBe('failed')
    gate.resolve(5)
    await killed
    expect(await outCount()).toBe(done + 1)
  })

  test('kill does not wait for a read that waits', async () => {
    await publish(log, 'in', range(0, 20), 1)
    // Longer than the test may take.
    const engine = localEngine({ log, readWaitMs: 60_000 })
    for (let life = 0; life < 5; life++) {
      const done = Promise.withResolvers<void>()
      await engine.submit(
        copy(guarantee, (n) => {
          if (n % 20 === 19) done.resolve()
          return n
        }),
      )
      await done.promise
      await engine.kill('t')
      await publish(log, 'in', range(20 * life, 20 * life + 20))
    }
    expect(await outCount()).toBe(100)
  })

  test('a drain that takes too long leaves only what is not done to the next life', async () => {
    await publish(log, 'in', range(0, 50), 1)
    let hang = true
    const seen: number[] = []
    const work = (n: number): unknown => {
      seen.push(n)
      return n === 7 && hang ? new Promise(() => {}) : n
    }
    const build = (): Topology =>
      topology('t', { guarantee, maxPending: 10 })
        .from(topic<number>('in'))
        .enrich((e) => work(e.data), { concurrency: 2 })
        .to(topic('out', { partitions: 1 }))
    const engine = localEngine({ log })
    await engine.submit(build())
    await until('7 was begun', () => seen.includes(7))
    // An epoch is not left before all of it is done.
    await until('nothing else is to be done', async () => {
      const { lag, pending } = await engine.metrics('t')
      return pending === 1 && (lag === 0 || guarantee === 'exactly-once')
    })
    await engine.kill('t', { waitMs: 100 })
    hang = false
    seen.length = 0
    await engine.submit(build())
    await until('all are done', caughtUp(engine))
    await engine.close()
    expect(dataOf(await read(log, 'out', 50))).toEqual(range(0, 50).map(({ data }) => data))
    expect(await outCount()).toBe(50)
    expect(seen).toContain(7)
    expect(seen.length).toBeLessThanOrEqual(guarantee === 'exactly-once' ? 50 : 1)
  })

  test('deactivate stops the spouts, activate lets them go on', async () => {
    await publish(log, 'in', range(0, 3))
    const engine = localEngine({ log })
    await engine.submit(copy(guarantee))
    await read(log, 'out', 3)
    await engine.deactivate('t')
    expect((await engine.describe('t')).state).toBe('inactive')
    await publish(log, 'in', range(3, 6))
    // Rebalancing drains and starts again: whoever read in spite of it would have been seen by then.
    await engine.rebalance('t', { work: 2 })
    expect((await engine.describe('t')).metrics).toMatchObject({ lag: 3 })
    expect(await outCount()).toBe(3)
    await engine.activate('t')
    expect((await engine.describe('t')).state).toBe('active')
    expect(dataOf(await read(log, 'out', 6))).toEqual([0, 1, 2, 3, 4, 5])
    await engine.close()
  })

  test('rebalance under traffic keeps counts', async () => {
    const t = topology.graph('t', { guarantee })
    const source = t.spout('in', fromTopic<number>('in'), { fields: ['n'] })
    const count: { create: () => Bolt<{ n: number }, { value: { n: number; count: number } }> } = {
      create: () => {
        let state: Parameters<NonNullable<Bolt['open']>>[0]['state']
        return {
          open: (context) => void ({ state } = context),
          execute({ values: { n } }, out) {
            const before = state.get<number>(String(n)) ?? 0
            state.put(String(n), before + 1)
            out.emit({ value: { n, count: before + 1 } })
          },
        }
      },
    }
    const counts = t.bolt('count', count, { fields: ['value'], parallelism: 2 }).fields(source, 'n')
    t.bolt('out', toTopic(topic('out', { partitions: 1 }))).shuffle(counts)
    const engine = localEngine({ log })
    await publish(log, 'in', range(0, 20))
    await engine.submit(t)
    for (const parallelism of [5, 1, 3]) {
      await publish(log, 'in', range(0, 20))
      await engine.rebalance('t', { count: parallelism })
      expect((await engine.describe('t')).metrics.components[1]).toMatchObject({ tasks: parallelism })
    }
    const out = (await read(log, 'out', 80)).map(({ data }) => data as { n: number; count: number })
    for (let n = 0; n < 20; n++)
      expect(out.filter((each) => each.n === n).map((each) => each.count)).toEqual([1, 2, 3, 4])
    await engine.close()
    expect(await outCount()).toBe(80)
  })

  test('windows are closed once, also across restarts; late events are counted and dropped', async () => {
    const clock = new ManualClock(1_700_000_100_000)
    const at = (s: number): { time: string; partitionkey: string; data: string } => ({
      time: new Date(1_700_000_000_000 + s * 1000).toISOString(),
      partitionkey: 'p',
      data: 'k',
    })
    // The clock may run ahead of the disk: nothing is done again for that.
    const counting = (idleAfter: Duration): Topology =>
      topology('t', { guarantee, idleAfter, messageTimeout: '1d' })
        .from(topic<string>('in'))
        .keyBy((e) => e.data)
        .window(tumbling('10s'))
        .count({ name: 'count' })
        .to(topic('out', { partitions: 1 }))
    const counts = (events: readonly Event[]): [number, number][] =>
      events.map(({ data }) => {
        const { window, value } = data as Windowed<string, number>
        return [(window.start - 1_700_000_000_000) / 1000, value]
      })
    const settle = (): Promise<void> => new Promise(setImmediate)
    const run = async (events: readonly { time: string }[], expected: number, late = 0): Promise<void> => {
      const engine = localEngine({ log, clock })
      await engine.submit(counting('1h'))
      await publish(log, 'in', events, 1)
      await until('the windows are there', async () => {
        await clock.advance(50, settle)
        return (await caughtUp(engine)()) && (await outCount()) >= expected
      })
      expect(
        (await engine.metrics('t')).components.find(({ component }) => component === 'count'),
      ).toMatchObject({ late })
      await engine.close()
    }
    await log.createTopic({ name: 'in', partitions: 1 })
    await run([at(1), at(2), at(11)], 1)
    await run([at(12), at(3), at(25)], 2, 1)
    expect(counts(await read(log, 'out', 2))).toEqual([
      [0, 2],
      [10, 2],
    ])
    // Nothing more comes: event time follows the clock, and the last window is closed.
    const engine = localEngine({ log, clock })
    await engine.submit(counting('5s'))
    await until('the last window is closed', async () => {
      await clock.advance(1000, settle)
      return (await outCount()) === 3
    })
    expect(counts(await read(log, 'out', 3))[2]).toEqual([20, 1])
    await engine.close()
  })

  test('ticks come by the clock', async () => {
    const clock = new ManualClock(1_000_000)
    await log.createTopic({ name: 'in', partitions: 1 })
    const t = topology.graph('t', { guarantee, tickInterval: '1s', messageTimeout: '1d' })
    const source = t.spout('in', fromTopic<number>('in'), { fields: ['n'] })
    let ticks = 0
    const bolt: Bolt<{ n: number }, { value: number }> = {
      execute: () => {},
      tick: (out) => out.emit({ value: ++ticks }),
    }
    const ticking = t.bolt('ticking', bolt, { fields: ['value'] }).shuffle(source)
    t.bolt('out', toTopic(topic('out', { partitions: 1 }))).shuffle(ticking)
    const engine = localEngine({ log, clock })
    await engine.submit(t)
    await until('three ticks are there', async () => {
      await clock.advance(100, () => new Promise(setImmediate))
      return (await outCount()) >= 3
    })
    expect(dataOf((await read(log, 'out', 3)).slice(0, 3))).toEqual([1, 2, 3])
    expect(clock.now()).toBeGreaterThanOrEqual(1_003_000)
    await engine.close()
  })
})

test('names that are running, unknown names, and operators that are not there are refused', async () => {
  await publish(log, 'in', [])
  const engine = localEngine({ log })
  await engine.submit(copy('at-least-once'))
  await expect(engine.submit(copy('at-least-once'))).rejects.toMatchObject({
    code: 'HEDDLE_ENGINE_TOPOLOGY_EXISTS',
  })
  await expect(engine.kill('tt')).rejects.toMatchObject({ code: 'HEDDLE_ENGINE_UNKNOWN_TOPOLOGY' })
  await expect(engine.rebalance('t', { nothing: 2 })).rejects.toMatchObject({
    code: 'HEDDLE_TOPOLOGY_INVALID',
  })
  const other = copy('at-least-once')
  const plan = {
    ...other.plan,
    name: 'u',
    components: other.plan.components.map((component) => ({ ...component, operator: 'nothing' })),
  }
  await expect(engine.submit({ name: 'u', plan, code: other.code })).rejects.toMatchObject({
    code: 'HEDDLE_ENGINE_UNSUPPORTED',
  })
  await engine.close()
})
