import {
  type Guarantee,
  type Topology,
  event,
  hopping,
  toRecord,
  topic,
  topology,
  tumbling,
} from '@heddle/core'
import fc from 'fast-check'
import { testFabric } from 'heddle/testing'
import { expect, test } from 'vitest'

interface Visit {
  readonly user: string
  readonly country: string
}

/** Windows behind windows, by other keys, and a join: all that event time has to come through to. */
function visits(guarantee: Guarantee): Topology {
  const flow = topology('t', { guarantee, maxOutOfOrder: '3m', idleAfter: '20s' })
  const keyed = flow.from(topic<Visit>('in')).keyBy((e) => e.data.user)
  const perUser = keyed.window(tumbling('10s')).aggregate(
    () => ({ country: '', visits: 0 }),
    ({ visits }, e) => ({ country: e.data.country, visits: visits + 1 }),
  )
  const perCountry = perUser
    .keyBy(({ value }) => value.country)
    .window(hopping('1m', { advance: '20s' }))
    .sum(({ value }) => value.visits)
    .map(({ key, window, value }) => ['country', key, window.start, value])
  const joined = perUser
    .join(
      flow.from(topic<Visit>('others')).keyBy((e) => e.data.user),
      (a, b) => [a.window.start, b.id],
      {
        within: '15s',
      },
    )
    .map(([at, id]) => ['joined', at, id])
  return perCountry.merge(joined).to(topic('out'))
}

const visit = fc.record({
  to: fc.constantFrom('in', 'in', 'others'),
  user: fc.constantFrom('ann', 'bob', 'cleo', 'dan'),
  country: fc.constantFrom('AT', 'NL'),
  second: fc.integer({ min: 0, max: 120 }),
})
type Visits = readonly { to: string; user: string; country: string; second: number }[]

const start = Date.UTC(2026, 0, 1)

async function results(
  guarantee: Guarantee,
  { seed, rounds, keyPartitions }: { seed: number; rounds: readonly Visits[]; keyPartitions: number },
): Promise<readonly string[]> {
  await using fabric = await testFabric({ seed, now: start + 120_000, keyPartitions })
  for (const name of ['in', 'others']) await fabric.log.createTopic({ name, partitions: 2 })
  await fabric.submit(visits(guarantee))
  let id = 0
  for (const [at, round] of rounds.entries()) {
    for (const { to, user, country, second } of round) {
      const time = new Date(start + second * 1000).toISOString()
      const made = event({ type: 'v', id: String(id++), time, partitionkey: user, data: { user, country } })
      await fabric.log.append(to, [toRecord(made)])
    }
    await fabric.advance('700ms')
    if (guarantee === 'exactly-once' && at % 2 === 1) await fabric.crash()
  }
  await fabric.advance('7m')
  expect(await fabric.deadLetters('t')).toEqual([])
  return (await fabric.data('out')).map((data) => JSON.stringify(data)).toSorted()
}

test.each(['at-least-once', 'exactly-once'] as const)(
  'windows, windows of windows and joins give in shares what they give in one place, %s',
  (guarantee) =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.array(fc.array(visit, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 }),
        async (seed, rounds) => {
          const whole = await results(guarantee, { seed, rounds, keyPartitions: 1 })
          const cut = await results(guarantee, { seed, rounds, keyPartitions: 3 })
          expect(cut).toEqual(whole)
        },
      ),
      { numRuns: 5, endOnFailure: true },
    ),
  120_000,
)
