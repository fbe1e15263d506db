import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Candidate, type Subscriber, assign } from './assignment.ts'

const topics = ['a', 'b', 'c']
const group = fc.record({
  subscribers: fc.uniqueArray(
    fc.record({
      member: fc.stringMatching(/^[m-q]$/),
      topics: fc.subarray(topics, { minLength: 1 }),
    }),
    { selector: ({ member }) => member, maxLength: 5 },
  ),
  owners: fc.array(fc.option(fc.stringMatching(/^[m-q]$/)), { minLength: 12, maxLength: 12 }),
})

const candidatesOf = (owners: readonly (string | null)[]): Candidate[] =>
  owners.map((owner, i) => {
    const topic = topics[i % 3]!
    return { key: `${topic}/${Math.floor(i / 3)}`, topic, owner: owner ?? undefined }
  })

const loads = (
  subscribers: readonly Subscriber[],
  target: ReadonlyMap<string, string>,
): Map<string, number> => {
  const load = new Map(subscribers.map(({ member }) => [member, 0]))
  for (const member of target.values()) load.set(member, load.get(member)! + 1)
  return load
}

test('each partition that somebody asks for goes to one who asks for it', () => {
  fc.assert(
    fc.property(group, ({ subscribers, owners }) => {
      const candidates = candidatesOf(owners)
      const target = assign(subscribers, candidates)
      for (const { key, topic } of candidates) {
        const asking = subscribers.filter((subscriber) => subscriber.topics.includes(topic))
        const member = target.get(key)
        expect(asking.length === 0 ? [undefined] : asking.map(({ member }) => member)).toContain(member)
      }
    }),
  )
})

test('nobody has two more than another who could take one', () => {
  fc.assert(
    fc.property(group, ({ subscribers, owners }) => {
      const candidates = candidatesOf(owners)
      const target = assign(subscribers, candidates)
      const load = loads(subscribers, target)
      const gaps = candidates
        .filter(({ key }) => target.has(key))
        .flatMap(({ key, topic }) =>
          subscribers
            .filter(({ topics }) => topics.includes(topic))
            .map(({ member }) => load.get(target.get(key)!)! - load.get(member)!),
        )
      expect(Math.max(0, ...gaps)).toBeLessThan(2)
    }),
  )
})

test('what is reached stays, and does not depend on the order in which members are named', () => {
  fc.assert(
    fc.property(group, ({ subscribers, owners }) => {
      const candidates = candidatesOf(owners)
      const target = assign(subscribers, candidates)
      const reached = candidates.map((candidate) => ({ ...candidate, owner: target.get(candidate.key) }))
      expect(assign(subscribers, reached)).toEqual(target)
      expect(assign([...subscribers].reverse(), candidates)).toEqual(target)
    }),
  )
})

test('when one joins, no more moves than it takes', () => {
  const owners = Array.from({ length: 12 }, (_, i) => (i < 6 ? 'm' : 'n'))
  const subscribers = ['m', 'n', 'o'].map((member) => ({ member, topics }))
  const candidates = candidatesOf(owners)
  const target = assign(subscribers, candidates)
  const moved = candidates.filter(({ key, owner }) => target.get(key) !== owner)
  expect(moved).toHaveLength(4)
})
