import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Open, decodeProgress, encodeProgress } from './progress.ts'

const open = fc.record({
  gap: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 1e6 })),
  attempts: fc.nat(20),
  waits: fc.boolean(),
})

test('says again what was done, what was not, and how often that was given out; what does not fit is not done', () => {
  fc.assert(
    fc.property(
      fc.array(open, { maxLength: 1_200, size: 'max' }),
      fc.nat(2 ** 40),
      fc.nat(1_000),
      fc.nat(1_300),
      (gaps, start, ahead, begun) => {
        let offset = start
        const items = gaps.map(({ gap, attempts, waits }, at): Open => {
          offset += gap
          const given = at < begun ? attempts : 0
          return { offset, attempts: given, dueAt: waits && given > 0 ? 1_800_000_000_000 + at * 1_000 : 0 }
        })
        const next = offset + 1 + ahead
        // Up to somewhere behind the last one that was given out.
        const touched = (items[Math.min(begun, items.length) - 1]?.offset ?? start) + 1
        const progress = encodeProgress(items, next, items.length === 0 ? next : touched)
        expect(progress.metadata?.length ?? 0).toBeLessThanOrEqual(4096)
        const { done, history } = decodeProgress(progress)
        expect(progress.offset).toBe(items[0]?.offset ?? next)

        const listed = new Map(items.map((item) => [item.offset, item]))
        let complete = true
        let wrong = false
        for (const item of items) {
          expect(done(item.offset)).toBe(false)
          const before = history.get(item.offset)
          if (item.attempts > 0 && !before) complete = false
          wrong ||= before !== undefined && JSON.stringify(before) !== JSON.stringify(item)
        }
        expect(wrong).toBe(false)
        // Only what is too long is forgotten, and then it is nearly as long as it may be.
        expect(complete || progress.metadata!.length > 4_000).toBe(true)
        for (const item of items.slice(0, 50)) {
          const between = item.offset + 1
          if (listed.has(between)) continue
          expect(done(between) && between >= touched).toBe(false)
        }
      },
    ),
    { numRuns: 200 },
  )
}, 120_000)

test('gaps up to what was touched are done; metadata of another kind says nothing', () => {
  const one = { attempts: 0, dueAt: 0 }
  const { done } = decodeProgress(
    encodeProgress(
      [
        { offset: 5, ...one },
        { offset: 9, ...one },
      ],
      20,
      8,
    ),
  )
  expect([5, 6, 7, 8, 9].map(done)).toEqual([false, true, true, false, false])
  expect(decodeProgress({ offset: 5, metadata: 'h1 4 1' }).done(6)).toBe(false)
})
