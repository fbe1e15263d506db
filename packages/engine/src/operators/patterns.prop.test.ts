import { type Event, type Stream, type Topology, topic, topology } from '@heddle/core'
import fc from 'fast-check'
import { testFabric } from 'heddle/testing'
import { expect, test } from 'vitest'

/** What happens to a topology: events come in, time goes by, the process is killed. */
type Deed = { readonly come: readonly number[] } | { readonly wait: '20ms' | '1s' | '7s' } | 'crash'

const deeds = (numbers: readonly number[]): fc.Arbitrary<readonly Deed[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) },
        { weight: 2, arbitrary: fc.constantFrom<Deed>({ wait: '20ms' }, { wait: '1s' }, { wait: '7s' }) },
        { weight: 1, arbitrary: fc.constant<Deed>('crash') },
      ),
      { minLength: 1, maxLength: 12 },
    )
    .map((made) => {
      let from = 0
      const all = made.map((deed): Deed => {
        if (typeof deed !== 'number') return deed
        const come = numbers.slice(from, from + deed)
        from += deed
        return { come }
      })
      return [...all, { come: numbers.slice(from) }]
    })

const numbers = (): Stream<number> =>
  topology('t', { guarantee: 'exactly-once' })
    .from(topic<number>('in'))
    .map((event) => event.data)

async function outputs(
  seed: number,
  made: Topology,
  done: readonly Deed[],
): Promise<{ data: readonly unknown[]; events: readonly Event[]; left: number }> {
  await using fabric = await testFabric({ seed })
  await fabric.submit(made)
  for (const deed of done)
    if (deed === 'crash') await fabric.crash()
    else if ('wait' in deed) await fabric.advance(deed.wait)
    else
      await fabric.publish(
        'in',
        deed.come.map((data) => ({ data })),
      )
  await fabric.advance('5m')
  const events = await fabric.read('out')
  const [step] = made.plan.components.filter(
    ({ operator }) => !['topic', 'map', 'to-topic'].includes(operator),
  )
  const state = await fabric.state('t', step!.id)
  const left = Object.keys(state).filter((key) => key.startsWith('e/') || key.startsWith('q/')).length
  expect(await fabric.deadLetters('t')).toEqual([])
  return { data: events.map(({ data }) => data), events, left }
}

const runs = { numRuns: 12 }
const seeds = fc.integer({ min: 1, max: 1000 })
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at)
const some = deeds(upTo(24))
const unique = (events: readonly Event[]): number => new Set(events.map(({ id }) => id)).size

test('a resequencer gives every number once, in order, however they are mixed, repeated and interrupted', () =>
  fc.assert(
    fc.asyncProperty(
      seeds,
      fc
        .shuffledSubarray([...upTo(20), 3, 7], { minLength: 22, maxLength: 22 })
        .chain((mixed) => deeds(mixed)),
      async (seed, done) => {
        const made = numbers()
          .resequence({ by: () => 'all', sequence: (n) => n })
          .to(topic('out'))
        const { data, events, left } = await outputs(seed, made, done)
        expect(data).toEqual(upTo(20))
        expect([unique(events), left]).toEqual([20, 0])
      },
    ),
    runs,
  ))

test('batches together are what came, in order, and none is too large', () =>
  fc.assert(
    fc.asyncProperty(seeds, some, fc.integer({ min: 1, max: 6 }), async (seed, done, count) => {
      const made = numbers().batch({ count, within: '5s' }).to(topic('out'))
      const { data, events, left } = await outputs(seed, made, done)
      const batches = data as readonly (readonly number[])[]
      expect(batches.flat()).toEqual(upTo(24))
      for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(count)
      expect([unique(events), left]).toEqual([batches.length, 0])
    }),
    runs,
  ))

test('a throttle keeps all, and the order of each key', () =>
  fc.assert(
    fc.asyncProperty(seeds, some, async (seed, done) => {
      const made = numbers()
        .throttle({ rate: 3, by: (n) => n % 3 })
        .to(topic('out'))
      const { data, events, left } = await outputs(seed, made, done)
      for (const key of [0, 1, 2])
        expect((data as readonly number[]).filter((n) => n % 3 === key)).toEqual(
          upTo(24).filter((n) => n % 3 === key),
        )
      expect([unique(events), left]).toEqual([24, 0])
    }),
    runs,
  ))

test('a delay keeps all, each once', () =>
  fc.assert(
    fc.asyncProperty(seeds, some, async (seed, done) => {
      const made = numbers()
        .delay((n) => (n % 7) * 1000)
        .to(topic('out'))
      const { data, events, left } = await outputs(seed, made, done)
      expect((data as readonly number[]).toSorted((a, b) => a - b)).toEqual(upTo(24))
      expect([unique(events), left]).toEqual([24, 0])
    }),
    runs,
  ))

test('groups have every element once, and are complete when all of them came', () =>
  fc.assert(
    fc.asyncProperty(seeds, some, async (seed, done) => {
      const made = numbers()
        .gather({ by: (n) => n % 4, until: 6 })
        .to(topic('out'))
      const { data } = await outputs(seed, made, done)
      const groups = data as readonly { key: number; elements: readonly number[]; complete: boolean }[]
      expect(groups.toSorted((a, b) => a.key - b.key)).toEqual(
        [0, 1, 2, 3].map((key) => ({
          key,
          elements: upTo(24).filter((n) => n % 4 === key),
          complete: true,
        })),
      )
    }),
    runs,
  ))
