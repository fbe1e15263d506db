import { type Clock, type Engine, type Log, event, fromRecord, systemClock, toRecord } from '@heddle/core'
import { openMemoryLog } from '@heddle/log/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../fixtures/harness.ts'
import { localEngine } from '../local/index.ts'
import { threadEngine } from './thread-engine.ts'
import { topologies, versions } from './topologies.fixture.ts'

/** Each thread loads its modules anew, which takes as long as the machine lets it. */
const patient = { timeout: 60_000 }

let log: Log
let engine: Engine

const open = (hangTimeoutMs = 30_000): Engine =>
  threadEngine({
    log,
    here: localEngine({ log }),
    entry: new URL('thread.fixture.ts', import.meta.url),
    locate: (topology) =>
      Object.entries({ ...topologies, ...versions }).find(([, each]) => each === topology)?.[0],
    maxHeapMb: 64,
    hangTimeoutMs,
    restart: { attempts: Infinity, initialMs: 10, factor: 2, maxMs: 2000, jitter: 0 },
  })

beforeEach(async () => {
  log = await openMemoryLog()
  engine = open()
})

afterEach(async () => {
  await engine.close()
  await log.close()
})

const publish = async (topic: string, data: readonly unknown[]): Promise<void> => {
  await log.append(
    topic,
    data.map((each) => toRecord(event({ type: 'test', data: each }))),
  )
}

async function dataOf(topic: string): Promise<unknown[]> {
  const found: unknown[] = []
  for (const { partition, earliest } of await log.partitions(topic))
    for (let offset = earliest; ;) {
      const [part] = await log.read([{ topic, partition, offset }])
      if (!part) break
      for (const record of part.records) found.push(fromRecord(record, part).data)
      offset = part.nextOffset
    }
  return found
}

const dataWhen = async (topic: string, count: number): Promise<unknown[]> => {
  await until(`${count} in '${topic}'`, async () => (await dataOf(topic)).length >= count)
  return dataOf(topic)
}

describe('a topology in a thread of its own', patient, () => {
  test('leaves no timer behind when it is stopped, which would keep the process', async () => {
    const waiting = new Set<number>()
    let timers = 0
    const clock: Clock = {
      now: () => systemClock.now(),
      after(ms, run) {
        const id = timers++
        waiting.add(id)
        const timer = systemClock.after(ms, () => {
          waiting.delete(id)
          run()
        })
        return {
          clear() {
            waiting.delete(id)
            timer.clear()
          },
        }
      },
    }
    const own = threadEngine({
      log,
      clock,
      here: localEngine({ log }),
      entry: new URL('thread.fixture.ts', import.meta.url),
      locate: () => 'stateful',
    })
    await own.submit(topologies['stateful']!)
    expect(waiting.size).toBeGreaterThan(0)
    await own.kill('stateful', { waitMs: 60_000 })
    expect(waiting.size).toBe(0)
    await own.close()
  })

  test('runs, tells of itself, pauses, and is drained', async () => {
    await engine.submit(topologies['stateful']!)
    await publish('stateful.in', ['a', 'b', 'a'])
    expect(await dataWhen('stateful.out', 3)).toEqual([1, 1, 2])
    const described = await engine.describe('stateful')
    expect(described).toMatchObject({ state: 'active', threads: [{ state: 'running', restarts: 0 }] })
    await until('it has committed', async () => (await engine.metrics('stateful')).commits > 0)
    expect(described.metrics.components.map(({ component }) => component)).toContain('count')
    expect(await engine.state('stateful', { component: 'count' })).toEqual({
      entries: [
        { key: '"a"', value: 2 },
        { key: '"b"', value: 1 },
      ],
    })
    expect(await engine.state('stateful', { component: 'count', limit: 1 })).toMatchObject({ next: '"a"' })
    await engine.deactivate('stateful')
    expect((await engine.list())[0]).toMatchObject({ state: 'inactive' })
    await engine.activate('stateful')
    await engine.rebalance('stateful', { count: 2 })
    await publish('stateful.in', ['a'])
    expect(await dataWhen('stateful.out', 4)).toEqual([1, 1, 2, 3])
    await engine.kill('stateful')
    expect(await engine.list()).toEqual([])
    expect(await log.listGroups()).toMatchObject(
      expect.arrayContaining(
        [{ group: 'stateful', members: [] }].map((each) => expect.objectContaining(each)),
      ),
    )
  })

  test('another version takes its place with the same state; one that does not fit is refused', async () => {
    await engine.submit(topologies['stateful']!)
    await publish('stateful.in', ['a', 'a'])
    await dataWhen('stateful.out', 2)
    await expect(engine.deploy(versions['other']!)).rejects.toMatchObject({
      code: 'HEDDLE_UPGRADE_INCOMPATIBLE',
    })
    expect(await engine.deploy(versions['doubled']!, { dryRun: true })).toMatchObject({
      diff: { topology: 'stateful' },
    })
    await engine.deploy(versions['doubled']!)
    await publish('stateful.in', ['a'])
    expect(await dataWhen('stateful.out', 3)).toEqual([1, 2, 6])
    expect((await engine.history('stateful')).map(({ number }) => number)).toEqual([2, 1])
  })

  test('a version that does not start leaves the one before running, and the next one gets a thread again', async () => {
    await engine.submit(topologies['stateful']!)
    await publish('stateful.in', ['a'])
    await dataWhen('stateful.out', 1)
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(engine.deploy(versions['broken']!, { dropState: ['count'] })).rejects.toMatchObject({
        code: 'HEDDLE_UPGRADE_FAILED',
        detail: expect.stringContaining('on purpose'),
      })
    expect((await engine.list())[0]).toMatchObject({ name: 'stateful', state: 'active' })
    await publish('stateful.in', ['a'])
    expect(await dataWhen('stateful.out', 2)).toEqual([1, 2])
    const { status } = await engine.deploy(versions['doubled']!)
    expect(status).toMatchObject({ state: 'active', threads: [{ state: 'running' }] })
    await publish('stateful.in', ['a'])
    expect(await dataWhen('stateful.out', 3)).toEqual([1, 2, 6])
  })

  test('one that cannot start says why, and nothing is left of it', async () => {
    await expect(engine.submit(topologies['cannot-start']!)).rejects.toMatchObject({
      code: 'HEDDLE_SINK_UNKNOWN',
    })
    expect(await engine.list()).toEqual([])
  })

  test.each([
    ['loops', 'did nothing else for too long', 4000],
    ['hogs', 'memory'],
    // Of a kind that V8 does not let itself be interrupted in.
    ['hogs-arrays', 'memory'],
    ['exits', 'code 3'],
    ['throws', 'out of the blue'],
  ])(
    '%s: it is ended, reported and started again, and nobody else notices',
    async (name, reported, hangTimeoutMs?: number) => {
      await engine.close()
      engine = open(hangTimeoutMs)
      await engine.submit(topologies['good']!)
      await engine.submit(topologies[name]!)
      await publish(`${name}.in`, [1])
      await dataWhen(`${name}.out`, 1)
      await publish(`${name}.in`, ['bad'])
      // The other one goes on meanwhile.
      for (let n = 0; n < 20; n++) {
        await publish('good.in', [n])
        await dataWhen('good.out', n + 1)
      }
      await until('it has been started again', async () => {
        const status = (await engine.list()).find((each) => each.name === name)
        return (status?.threads?.[0]?.restarts ?? 0) > 0
      })
      const status = (await engine.list()).find((each) => each.name === name)
      expect(status?.lastError?.message).toContain(reported)
      expect(await dataOf('good.out')).toEqual(Array.from({ length: 20 }, (_, n) => n))
      const good = (await engine.list()).find((each) => each.name === 'good')
      expect(good).toMatchObject({ state: 'active', threads: [{ restarts: 0 }] })
    },
  )
})

test(
  'one that is stuck keeps nobody waiting who asks for figures, and its lag is told',
  async () => {
    await engine.submit(topologies['loops']!)
    await publish('loops.in', [1])
    await dataWhen('loops.out', 1)
    await until('it has committed', async () => (await engine.metrics('loops')).commits > 0)
    await publish('loops.in', ['bad', 2, 3])
    await until('it is told', async () => (await engine.metrics('loops')).lag === 3)
    expect(await engine.describe('loops')).toMatchObject({
      threads: [{ state: 'running', restarts: 0 }],
      metrics: { lag: 3, components: expect.objectContaining({ length: 3 }) },
    })
    // What is stuck is not waited for.
    await engine.kill('loops', { waitMs: 0 })
  },
  patient.timeout,
)

describe('several threads', patient, () => {
  test('share the partitions; their number is changed while it runs, and nothing is lost or comes twice', async () => {
    await engine.submit(topologies['shared']!)
    expect((await engine.list())[0]!.threads).toHaveLength(2)
    let n = 0
    for (const threads of [3, 1, 2]) {
      await publish(
        'shared.in',
        Array.from({ length: 100 }, () => n++),
      )
      await engine.rebalance('shared', {}, { threads })
      expect((await engine.list())[0]!.threads).toHaveLength(threads)
      await publish(
        'shared.in',
        Array.from({ length: 100 }, () => n++),
      )
    }
    const out = (await dataWhen('shared.out', 600)) as number[]
    expect(out.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, at) => at))
  })

  test('are refused where there is state', async () => {
    await engine.submit(topologies['stateful']!)
    await expect(engine.rebalance('stateful', {}, { threads: 2 })).rejects.toMatchObject({
      code: 'HEDDLE_ENGINE_UNSUPPORTED',
    })
  })
})
