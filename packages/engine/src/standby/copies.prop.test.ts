import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copiesOf } from './copies.ts'

test('each partition has as many copies as there can be, none of them with its owner, spread evenly', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 3 }),
      fc.nat(),
      (names, partitions, copies, seed) => {
        const ownerOf = (partition: number): string => names[(partition * 7 + seed) % names.length]!
        const members = names.map((member) => ({
          member,
          assignment: Array.from({ length: partitions }, (_, partition) => ({
            topic: 't',
            partition,
          })).filter(({ partition }) => ownerOf(partition) === member),
        }))
        const kept = names.flatMap((member) =>
          copiesOf({ topic: 't', member }, members, copies).map((partition) => [partition, member] as const),
        )
        for (let partition = 0; partition < partitions; partition++) {
          const keepers = kept.filter(([of]) => of === partition).map(([, member]) => member)
          expect(keepers.length).toBe(Math.min(copies, names.length - 1))
          expect(keepers).not.toContain(ownerOf(partition))
        }
      },
    ),
  )
})

test('copies of what one member owns are spread over the others', () => {
  const assignment = [0, 1, 2, 3].map((partition) => ({ topic: 't', partition }))
  const members = [
    { member: 'a', assignment: [] },
    { member: 'b', assignment },
    { member: 'c', assignment: [] },
  ]
  expect(['a', 'b', 'c'].map((member) => copiesOf({ topic: 't', member }, members, 1))).toEqual([
    [0, 2],
    [],
    [1, 3],
  ])
  expect(
    copiesOf({ topic: 't', member: 'a.thread-2' }, [...members, { member: 'a.thread-2', assignment: [] }], 3),
  ).toEqual([])
  expect(
    copiesOf({ topic: 't', member: 'b.thread-2' }, [...members, { member: 'b.thread-2', assignment: [] }], 3),
  ).toEqual([])
  expect(copiesOf({ topic: 't', member: 'stranger' }, members, 3)).toEqual([])
  expect(copiesOf({ topic: 'other', member: 'a' }, members, 3)).toEqual([])
})
