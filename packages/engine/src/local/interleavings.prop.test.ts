import {
  type Bolt,
  type Clock,
  type Event,
  type Guarantee,
  type State,
  type Topology,
  event,
  fromTopic,
  sleep,
  toRecord,
  toTopic,
  topic,
  topology,
} from '@heddle/core'
import fc from 'fast-check'
import { type TestFabric, testFabric } from 'heddle/testing'
import { expect, test } from 'vitest'

/** An event on its way: the how-manieth it is of its key, as published and as counted. */
type Passed = {
  readonly key: string
  readonly nth: number
  readonly count: number
}

interface Shape {
  /** Parallelism of each step, the spout first. */
  readonly steps: readonly number[]
  readonly partitions: number
  readonly maxPending: number
  /** Into how many its keys are cut: from 2 on, each step is a stage of its own. */
  readonly keyPartitions: number
}

/** Counts by key, and hands on; now and then it takes a turn of the event loop, or longer than a commit interval. */
const counting = (): Bolt<Passed, Passed> => {
  let state: State
  let clock: Clock
  return {
    open: (context) => void ({ state, clock } = context),
    async execute({ values: { key, nth } }, out) {
      if (nth % 3 === 0) await new Promise(setImmediate)
      if (nth % 4 === 1) await sleep(clock, 30)
      const count = (state.get<number>(key) ?? 0) + 1
      state.put(key, count)
      out.emit({ key, nth, count })
    },
  }
}

const gather: Bolt<Passed, { value: Passed }> = {
  execute: ({ values }, out) => out.emit({ value: values }),
}

/** As many counting steps as the shape has, one after the other, each grouped by key. */
function chain(guarantee: Guarantee, { steps, maxPending }: Shape): Topology {
  const [sources, ...bolts] = steps
  const t = topology.graph('t', { guarantee, maxPending, commitInterval: '20ms' })
  const fields = ['key', 'nth', 'count'] as const
  let from = t.spout(
    'in',
    fromTopic<{ key: string; nth: number }, Passed>('in', ({ data }) => ({ ...data, count: 0 })),
    { fields, parallelism: sources! },
  )
  for (const [at, parallelism] of bolts.entries())
    from = t.bolt(`step-${at}`, { create: counting }, { fields, parallelism }).fields(from, 'key')
  const out = t.bolt('gather', gather, { fields: ['value'] }).fields(from, 'key')
  t.bolt('out', toTopic(topic('out', { partitions: 1 }))).shuffle(out)
  return t
}

/** Events come in, and the process may be killed so many turns of the event loop later; time goes by; it is killed. */
type Deed =
  | { readonly come: readonly string[]; readonly killedAfter?: number | undefined }
  | { readonly wait: '7ms' | '50ms' | '5s' }
  | 'crash'

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      come: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 8 }),
      killedAfter: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.constantFrom<Deed>({ wait: '7ms' }, { wait: '50ms' }, { wait: '5s' }) },
  { weight: 1, arbitrary: fc.constant<Deed>('crash') },
)

const life = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  shape: fc.record({
    steps: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 4 }),
    partitions: fc.integer({ min: 1, max: 3 }),
    maxPending: fc.integer({ min: 1, max: 20 }),
    keyPartitions: fc.constantFrom(1, 1, 3),
  }),
  deeds: fc.array(deed, { minLength: 1, maxLength: 12 }),
  fails: fc.constantFrom(0, 0.1, 0.3),
  lost: fc.constantFrom(0, 0.1, 0.3),
})

type Life = typeof life extends fc.Arbitrary<infer T> ? T : never

/** Does all that, and gives back what came in, how often of each key, and what came out. */
async function live(
  guarantee: Guarantee,
  { seed, shape, deeds, fails, lost }: Life,
): Promise<{ came: ReadonlyMap<string, number>; out: readonly Event<Passed>[]; fabric: TestFabric }> {
  const fabric = await testFabric({ seed, keyPartitions: shape.keyPartitions })
  await fabric.log.createTopic({ name: 'in', partitions: shape.partitions })
  await fabric.submit(chain(guarantee, shape))
  const came = new Map<string, number>()
  for (const deed of deeds) {
    if (deed === 'crash') await fabric.crash()
    else if ('wait' in deed) {
      fabric.faults.chances({ fails, 'answer-lost': lost })
      await fabric.advance(deed.wait)
      fabric.faults.stop()
    } else {
      const records = deed.come.map((key) => {
        const nth = (came.get(key) ?? 0) + 1
        came.set(key, nth)
        return toRecord(event({ type: 'test', data: { key, nth }, partitionkey: key }))
      })
      await fabric.log.append('in', records)
      if (deed.killedAfter === undefined) continue
      for (let turns = deed.killedAfter; turns > 0; turns--) await new Promise(setImmediate)
      await fabric.crash()
    }
  }
  await fabric.advance('5m')
  return { came, out: (await fabric.read('out')) as Event<Passed>[], fabric }
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1)

test(
  'exactly-once: each key comes out once for each time it came in, in order, counted right in every step',
  () =>
    fc.assert(
      fc.asyncProperty(life, async (made) => {
        const { came, out, fabric } = await live('exactly-once', made)
        await using _ = fabric
        expect(await fabric.deadLetters('t')).toEqual([])
        for (const [key, times] of came) {
          const passed = out.map(({ data }) => data).filter((each) => each.key === key)
          expect(passed.map(({ nth }) => nth)).toEqual(upTo(times))
          expect(passed.map(({ count }) => count)).toEqual(upTo(times))
        }
        expect(out.length).toBe([...came.values()].reduce((sum, times) => sum + times, 0))
      }),
      { numRuns: 60 },
    ),
  60_000,
)

test(
  'at-least-once: nothing is lost',
  () =>
    fc.assert(
      fc.asyncProperty(life, async (made) => {
        const { came, out, fabric } = await live('at-least-once', made)
        await using _ = fabric
        expect(await fabric.deadLetters('t')).toEqual([])
        for (const [key, times] of came) {
          const passed = out.map(({ data }) => data).filter((each) => each.key === key)
          expect([...new Set(passed.map(({ nth }) => nth))].toSorted((a, b) => a - b)).toEqual(upTo(times))
        }
      }),
      { numRuns: 60 },
    ),
  60_000,
)
