import type { Guarantee } from '../../plan/plan.ts'
import type { Engine } from '../../ports/engine.ts'
import { type TestApi, check, equal, eventually, throws } from '../assert.ts'
import { unique } from '../log/harness.ts'
import { type OpenEngine, dataWhen, eventsOf, publish, publishAt, withEngine } from './harness.ts'
import { contractTopologies } from './topologies.ts'

/**
 * Tests all that an engine promises by the Engine port, and all that it declares in its features, by what its topologies put
 * into topics. Any test runner will do.
 *
 * @param guarantees What the engine declares.
 * @param open Opens an engine; called for each test. Its log may hold what others put in: tests use names of their own.
 * @example
 * import { describe, test } from 'vitest'
 * engineContract('my engine', ['at-least-once'], async () => ({ engine, log, close }), { describe, test })
 */
export function engineContract(
  name: string,
  guarantees: readonly Guarantee[],
  open: OpenEngine,
  api: TestApi,
): void {
  api.describe(`engine contract: ${name}`, () => {
    api.test(
      'declares its guarantees',
      withEngine(open, async ({ engine }) => equal(engine.features.guarantees, guarantees, 'guarantees')),
    )
    operatingContract(open, api)
    for (const guarantee of guarantees) api.describe(guarantee, () => runningContract(open, guarantee, api))
  })
}

const byNumber = (a: number, b: number): number => a - b
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

/** True when all of `wanted` is there; more may be, where something may come twice. */
const holds = <T>(data: readonly T[], wanted: readonly T[]): boolean =>
  wanted.every((each) => data.includes(each))

function runningContract(open: OpenEngine, guarantee: Guarantee, { test }: TestApi): void {
  const exact = guarantee === 'exactly-once'

  test(
    'counts words by a fields grouping, with state',
    withEngine(open, async ({ engine, log }) => {
      const name = unique('words')
      await publish(log, `${name}.in`, ['a b a', 'c', 'b a'])
      await engine.submit(contractTopologies.words(name, guarantee))
      interface Count {
        word: string
        count: number
      }
      const counts = await dataWhen<Count>(log, `${name}.out`, '6 counts', (data) => data.length >= 6)
      const ofA = counts.filter(({ word }) => word === 'a').map(({ count }) => count)
      equal(ofA.toSorted(byNumber).slice(0, 3), [1, 2, 3], `counts of 'a'`)
      check(!exact || counts.length === 6, 'no count to come twice')
      await engine.kill(name)
    }),
  )

  test(
    'shares tuples out by each of the seven groupings',
    withEngine(open, async ({ engine, log }) => {
      const name = unique('groupings')
      const numbers = upTo(60)
      await publish(log, `${name}.in`, numbers)
      await engine.submit(contractTopologies.groupings(name, guarantee))
      interface Seen {
        via: string
        task: number
        n: number
      }
      const all = await dataWhen<Seen>(log, `${name}.out`, '540 tuples', (data) => data.length >= 540)
      const seen = (via: string): readonly Seen[] => all.filter((each) => each.via === via)
      const tasksOf = (each: readonly Seen[]): number[] => [...new Set(each.map(({ task }) => task))]
      for (const via of ['shuffle', 'local', 'fields', 'partial', 'global', 'direct'])
        equal([...new Set(seen(via).map(({ n }) => n))].toSorted(byNumber), numbers, `numbers by ${via}`)
      equal(tasksOf(seen('shuffle')).length, 3, 'tasks that shuffle reaches')
      equal(tasksOf(seen('global')).length, 1, 'tasks that global reaches')
      for (const n of numbers) {
        equal(
          tasksOf(seen('all').filter((each) => each.n === n)).length,
          3,
          `tasks that all reaches with ${n}`,
        )
        equal(tasksOf(seen('direct').filter((each) => each.n === n)), [n % 3], `the task named for ${n}`)
      }
      for (let key = 0; key < 5; key++) {
        const ofKey = (via: string): number[] => tasksOf(seen(via).filter(({ n }) => n % 5 === key))
        equal(ofKey('fields').length, 1, `tasks that fields reaches with key ${key}`)
        check(ofKey('partial').length <= 2, `partial-key to reach at most two tasks with key ${key}`)
      }
      await engine.kill(name)
    }),
  )

  test(
    'runs a flow',
    withEngine(open, async ({ engine, log }) => {
      const name = unique('flow')
      await publish(log, `${name}.in`, [1, 2, 3, 4, 500])
      const flow = contractTopologies.flow(name, guarantee)
      await engine.submit(flow)
      await dataWhen<number>(log, `${name}.odd`, '1 1 3 9', (data) => holds(data, [1, 3, 9]))
      await dataWhen<number>(log, `${name}.even`, '2 4 4 16', (data) => holds(data, [2, 4, 16]))
      const metrics = await engine.metrics(name)
      equal(metrics.name, name, 'name')
      const planned = flow.plan.components.map(({ id }) => id)
      equal(
        metrics.components.map(({ component }) => component),
        planned,
        'components',
      )
      await engine.kill(name)
    }),
  )

  test(
    'tries again what throws, then takes it to its error branch or the dead letters',
    withEngine(open, async ({ engine, log }) => {
      const name = unique('failing')
      await publish(log, `${name}.in`, ['good', 'bad', 'flaky', 'branch'])
      await engine.submit(contractTopologies.failing(name, guarantee))
      await dataWhen<string>(log, `${name}.out`, 'good and flaky', (data) => holds(data, ['good', 'flaky']))
      await dataWhen<string>(log, `${name}.failures`, 'a failure', (data) => holds(data, ['branch: off']))
      const letter = await eventually('a dead letter', async () => {
        const [found] = await eventsOf(log, `${name}.dead-letters`)
        return found
      })
      equal(letter.data, 'bad', 'data of the dead letter')
      equal(letter.source, '/contract', 'source of the dead letter')
      equal(letter.extensions?.['dlcomponent'], 'picky', 'component of the dead letter')
      equal(letter.extensions?.['dlattempts'], '3', 'attempts of the dead letter')
      await engine.kill(name)
    }),
  )

  test(
    'reads a table before what is joined with it, and closes windows by event time',
    withEngine(open, async ({ engine, log }) => {
      const name = unique('timed')
      const customers = upTo(20)
      // In each partition something later, which closes what was before.
      const seconds = [...upTo(20), 100]
      await publishAt(
        log,
        `${name}.in`,
        seconds.flatMap((second) =>
          customers.map((n) => ({ data: `c${n}`, second, partition: n % 4 < 2 ? 0 : 1 })),
        ),
      )
      // Later still, so that the table does not hold event time back.
      await publishAt(
        log,
        `${name}.customers`,
        customers.map((n) => ({
          data: n % 2 === 0 ? 'even' : 'odd',
          second: 200,
          key: `c${n}`,
          partition: n % 4 < 2 ? 0 : 1,
        })),
      )
      await engine.submit(contractTopologies.timed(name, guarantee))
      const counts = await dataWhen<string>(log, `${name}.out`, '4 counts', (data) => data.length >= 4)
      equal(counts.toSorted(), ['even 100', 'even 100', 'odd 100', 'odd 100'], 'counts of windows')
      await engine.kill(name)
    }),
  )

  test(
    'ticks',
    withEngine(open, async ({ engine, log }) => {
      if (!engine.features.ticks) return
      const name = unique('ticking')
      await publish(log, `${name}.in`, [1, 2, 3])
      await engine.submit(contractTopologies.ticking(name, guarantee))
      await dataWhen<number>(log, `${name}.out`, 'the sum', (data) => data.includes(6))
      await engine.kill(name)
    }),
  )

  test(
    'loses nothing when it is killed and submitted again',
    withEngine(open, async ({ engine, log }) => {
      const name = unique('resubmit')
      const total = 400
      await publish(log, `${name}.in`, ['w'])
      for (const part of [1, 2, 3, 4]) {
        await engine.submit(contractTopologies.words(name, guarantee))
        const words = Array.from({ length: total / 4 }, () => 'w')
        await publish(log, `${name}.in`, words)
        const before = ((part - 1) * total) / 4
        await dataWhen(log, `${name}.out`, 'some more', (data) => data.length > before + 10)
        // Some without draining, as if it had crashed.
        await engine.kill(name, { waitMs: part % 2 === 0 ? 0 : 10_000 })
      }
      await engine.submit(contractTopologies.words(name, guarantee))
      interface Count {
        count: number
      }
      const counts = await dataWhen<Count>(log, `${name}.out`, `${total + 1} counts`, (data) =>
        exact ? data.length > total : data.some(({ count }) => count > total),
      )
      const sorted = counts.map(({ count }) => count).toSorted(byNumber)
      if (exact)
        equal(
          sorted,
          upTo(total + 1).map((n) => n + 1),
          'each count once',
        )
      await engine.kill(name)
    }),
  )

  test(
    'puts another version in the place of one that runs, and loses and repeats nothing',
    withEngine(open, async ({ engine, log }) => {
      if (!engine.features.upgrades) return
      const name = unique('upgraded')
      const rounds = 6
      await publish(log, `${name}.in`, ['w'])
      await engine.submit(contractTopologies.words(name, guarantee))
      for (let round = 1; round <= rounds; round++) {
        const lines = Array.from({ length: 50 }, () => 'w')
        await publish(log, `${name}.in`, lines)
        const { words, wordsLater } = contractTopologies
        const version = round % 2 === 0 ? words : wordsLater
        const { diff, status } = await engine.deploy(version(name, guarantee))
        equal(
          diff?.components.map(({ id, state }) => `${id} ${state}`),
          ['count kept'],
          'what is different',
        )
        equal(status?.state, 'active', 'state')
      }
      await publish(log, `${name}.in`, ['w'])
      const total = rounds * 50 + 2
      interface Count {
        count: number
        version: number
      }
      const counts = await dataWhen<Count>(
        log,
        `${name}.out`,
        `${total} counts`,
        (data) => data.length >= total,
      )
      equal(
        counts.map(({ count }) => count).toSorted(byNumber),
        upTo(total).map((n) => n + 1),
        'each count once',
      )
      equal(counts.find(({ count }) => count === total)?.version, 1, 'version of the last one')
      equal((await engine.history(name)).length, rounds + 1, 'versions')
      await engine.kill(name)
    }),
  )

  test(
    'refuses a version that would lose state, and the one before runs on',
    withEngine(open, async ({ engine, log }) => {
      if (!engine.features.upgrades) return
      const name = unique('refused')
      await publish(log, `${name}.in`, ['w'])
      await engine.submit(contractTopologies.words(name, guarantee))
      interface Count {
        count: number
      }
      const counted = (wanted: number) =>
        dataWhen<Count>(log, `${name}.out`, `count ${wanted}`, (data) =>
          data.some(({ count }) => count === wanted),
        )
      await counted(1)
      const other = contractTopologies.flow(name, guarantee)
      const { diff } = await engine.deploy(other, { dryRun: true })
      check((diff?.conflicts.length ?? 0) > 0, 'a dry run to tell why')
      await throws('HEDDLE_UPGRADE_INCOMPATIBLE', () => engine.deploy(other))
      await publish(log, `${name}.in`, ['w'])
      await counted(2)
      await engine.kill(name)
      // Nor does a start after a stop.
      await throws('HEDDLE_UPGRADE_INCOMPATIBLE', () => engine.submit(other))
      await engine.submit(other, { dropState: ['split', 'count'] })
      await engine.kill(name)
    }),
  )

  if (guarantee === 'at-least-once') {
    test(
      'replays what is not done in time',
      withEngine(open, async ({ engine, log }) => {
        const name = unique('hanging')
        await publish(log, `${name}.in`, ['fast', 'slow'])
        await engine.submit(contractTopologies.hanging(name, guarantee))
        await dataWhen<string>(log, `${name}.out`, 'both', (data) => holds(data, ['fast', 'slow']))
        await engine.kill(name)
      }),
    )
  }
}

function operatingContract(open: OpenEngine, { test }: TestApi): void {
  const stateOf = async (engine: Engine, name: string): Promise<string | undefined> =>
    (await engine.list()).find((each) => each.name === name)?.state

  test(
    'lists, describes, and refuses names that run or do not',
    withEngine(open, async ({ engine, log }) => {
      const name = unique('listed')
      await publish(log, `${name}.in`, [])
      const [guarantee] = engine.features.guarantees
      const flow = contractTopologies.flow(name, guarantee!)
      await throws('HEDDLE_ENGINE_UNKNOWN_TOPOLOGY', () => engine.describe(name))
      const status = await engine.submit(flow)
      equal(status.name, name, 'name')
      equal(status.state, 'active', 'state')
      await throws('HEDDLE_ENGINE_TOPOLOGY_EXISTS', () => engine.submit(flow))
      const description = await engine.describe(name)
      equal(description.guarantee, guarantee, 'guarantee')
      equal(description.plan.components.length, flow.plan.components.length, 'components')
      await engine.kill(name)
      equal(await stateOf(engine, name), undefined, 'state after kill')
      await throws('HEDDLE_ENGINE_UNKNOWN_TOPOLOGY', () => engine.kill(name))
    }),
  )

  test(
    'stops and goes on by deactivate and activate',
    withEngine(open, async ({ engine, log }) => {
      const name = unique('paused')
      const [guarantee] = engine.features.guarantees
      await publish(log, `${name}.in`, [2])
      await engine.submit(contractTopologies.flow(name, guarantee!))
      await dataWhen<number>(log, `${name}.even`, '2', (data) => data.includes(2))
      await engine.deactivate(name)
      await eventually('it is inactive', async () => (await stateOf(engine, name)) === 'inactive')
      await publish(log, `${name}.in`, [6])
      await engine.activate(name)
      await dataWhen<number>(log, `${name}.even`, '6', (data) => data.includes(6))
      equal(await stateOf(engine, name), 'active', 'state')
      await engine.kill(name)
    }),
  )

  test(
    'changes parallelism while it runs',
    withEngine(open, async ({ engine, log }) => {
      if (!engine.features.rebalance) return
      const name = unique('rebalanced')
      const [guarantee] = engine.features.guarantees
      await publish(log, `${name}.in`, ['x'])
      await engine.submit(contractTopologies.words(name, guarantee!))
      for (const parallelism of [1, 4]) {
        await engine.rebalance(name, { count: parallelism })
        const { metrics } = await engine.describe(name)
        const tasks = metrics.components.find(({ component }) => component === 'count')?.tasks
        equal(tasks, parallelism, 'tasks')
        await publish(log, `${name}.in`, ['x'])
      }
      await dataWhen<{ count: number }>(log, `${name}.out`, 'x three times', (data) =>
        data.some(({ count }) => count >= 3),
      )
      await engine.kill(name)
    }),
  )
}
