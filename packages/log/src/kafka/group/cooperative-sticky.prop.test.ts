import type { TopicPartition } from '@heddle/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Subscription } from '../wire/membership.ts'
import { assign } from './cooperative-sticky.ts'

const topics = ['a', 'b', 'c']
const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** What each member does with what it is given: it keeps that, and joins again when it had more. */
function rounds(
  members: ReadonlyMap<string, Subscription>,
  partitions: ReadonlyMap<string, number>,
): Map<string, Subscription>[] {
  const after: Map<string, Subscription>[] = []
  let now = new Map(members)
  for (let generation = 1; ; generation++) {
    const given = assign(now, partitions)
    now = new Map([...now].map(([id, { topics }]) => [id, { topics, owned: given.get(id)!, generation }]))
    after.push(now)
    const before = after.at(-2)
    if (before !== undefined && [...now].every(([id, { owned }]) => same(owned, before.get(id)!.owned)))
      return after
    if (generation > 5) throw new Error('it does not come to rest')
  }
}

const same = (a: readonly TopicPartition[], b: readonly TopicPartition[]): boolean =>
  a.length === b.length && new Set([...a, ...b].map(keyOf)).size === a.length

const counts = fc
  .tuple(fc.nat(7), fc.nat(7), fc.nat(7))
  .map((all) => new Map(topics.map((topic, i) => [topic, all[i]!])))

const subscribers = fc
  .array(fc.subarray(topics, { minLength: 1 }), { minLength: 1, maxLength: 6 })
  .map((all) => new Map(all.map((of, i) => [`m${i}`, { topics: of, owned: [], generation: -1 }])))

describe('the cooperative-sticky assignor', () => {
  it('gives every partition that somebody wants to one who wants it, as even as can be', () => {
    fc.assert(
      fc.property(subscribers, counts, (members, partitions) => {
        const given = rounds(members, partitions).at(-1)!
        const wanted = topics.filter((topic) =>
          [...members.values()].some((one) => one.topics.includes(topic)),
        )
        const all = [...given.values()].flatMap(({ owned }) => owned)
        expect(all.length).toBe(wanted.reduce((sum, topic) => sum + partitions.get(topic)!, 0))
        expect(new Set(all.map(keyOf)).size).toBe(all.length)
        for (const { topics: asked, owned } of given.values())
          for (const { topic } of owned) {
            expect(asked).toContain(topic)
            // Nobody who could have it has so much less that it should.
            const others = [...given.values()].filter((other) => other.topics.includes(topic))
            expect(Math.min(...others.map((other) => other.owned.length))).toBeGreaterThanOrEqual(
              owned.length - 1,
            )
          }
      }),
    )
  })

  it('moves nothing when nothing has changed, and only what has to move when a member comes or goes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 20 }), (count, size) => {
        const partitions = new Map([['a', size]])
        const fresh = { topics: ['a'], owned: [], generation: -1 }
        const settled = rounds(
          new Map(Array.from({ length: count }, (_, i) => [`m${i}`, fresh])),
          partitions,
        ).at(-1)!
        const again = assign(settled, partitions)
        for (const [id, { owned }] of settled) expect(same(again.get(id)!, owned)).toBe(true)

        const grown = rounds(new Map([...settled, ['new', fresh]]), partitions)
        const kept = [...settled].flatMap(([id, { owned }]) =>
          owned.filter((place) =>
            grown
              .at(-1)!
              .get(id)!
              .owned.some((other) => keyOf(other) === keyOf(place)),
          ),
        )
        expect(size - kept.length).toBe(grown.at(-1)!.get('new')!.owned.length)

        const [gone, ...left] = [...settled.keys()]
        const shrunk = rounds(new Map(left.map((id) => [id, settled.get(id)!])), partitions).at(-1)!
        for (const id of left)
          for (const place of settled.get(id)!.owned)
            expect(shrunk.get(id)!.owned.map(keyOf)).toContain(keyOf(place))
        expect(gone).toBeDefined()
      }),
    )
  })

  it('never gives a partition to one while another has it', () => {
    fc.assert(
      fc.property(subscribers, subscribers, counts, (former, latter, partitions) => {
        const settled = rounds(former, partitions).at(-1)!
        let before = new Map(
          [...latter].map(([id, one]) => [id, { ...one, owned: settled.get(id)?.owned ?? [] }]),
        )
        for (const after of rounds(before, partitions)) {
          for (const [id, { owned }] of after)
            for (const place of owned) {
              const holder = [...before].find(([, had]) =>
                had.owned.some((one) => keyOf(one) === keyOf(place)),
              )?.[0]
              expect(holder ?? id).toBe(id)
            }
          before = after as typeof before
        }
      }),
    )
  })

  it('believes the later of two who say that they have a partition', () => {
    const place = { topic: 'a', partition: 0 }
    const members = new Map([
      ['old', { topics: ['a'], owned: [place], generation: 3 }],
      ['new', { topics: ['a'], owned: [place], generation: 4 }],
    ])
    expect(assign(members, new Map([['a', 1]])).get('new')).toEqual([place])
  })
})
