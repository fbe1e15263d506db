import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SortedRun } from './sorted-run.ts'

const key = fc.oneof(
  fc.uint8Array({ maxLength: 9 }),
  // With much in common, so that more than the first five bytes decide.
  fc
    .tuple(fc.constantFrom('user/', 'user/00000', ''), fc.nat({ max: 40 }))
    .map(([start, n]) => Buffer.from(`${start}${n}`)),
)
const change = fc.tuple(key, fc.option(fc.uint8Array({ maxLength: 5 })))

test('gives the last change of each key, in the order of bytes, until it is full', () => {
  fc.assert(
    fc.property(
      fc.array(change),
      fc.integer({ min: 1, max: 3000 }),
      fc.uint8Array({ maxLength: 2 }),
      (changes, bytes, prefix) => {
        const run = new SortedRun(bytes, prefix)
        const model = new Map<string, Buffer | null>()
        let taken = 0
        for (const [name, value] of changes) {
          if (!run.add(name, value)) break
          taken++
          model.set(Buffer.concat([prefix, name]).toString('hex'), value === null ? null : Buffer.from(value))
        }
        const sorted = [...run.sorted()].map(([name, value]) => [name.toString('hex'), value] as const)
        // Hexadecimal digits sort as the bytes do.
        expect(sorted).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)))
        expect(run.count).toBe(taken)
        run.clear()
        expect([...run.sorted()]).toEqual([])
      },
    ),
    { numRuns: 500 },
  )
})
