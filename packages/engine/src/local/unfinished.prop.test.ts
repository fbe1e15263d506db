import fc from 'fast-check'
import { expect, test } from 'vitest'
import { doneBefore, encodeProgress } from './unfinished.ts'

/** Which of the offsets up to `next` are done. */
const offsets = fc
  .record({
    first: fc.integer({ min: 0, max: 2 ** 50 }),
    done: fc.array(fc.boolean(), { maxLength: 300 }),
  })
  .map(({ first, done }) => ({
    next: first + done.length,
    unfinished: done.flatMap((isDone, at) => (isDone ? [] : [first + at])),
  }))

test('after a restart just what was not done is done', () => {
  fc.assert(
    fc.property(offsets, ({ next, unfinished }) => {
      const progress = encodeProgress(unfinished, next)
      const done = doneBefore(progress)
      const again: number[] = []
      for (let offset = progress.offset; offset < next; offset++) if (!done(offset)) again.push(offset)
      expect(again).toEqual(unfinished)
      expect(done(next)).toBe(false)
    }),
  )
})

test('what does not fit into the metadata is done again, and nothing is lost', () => {
  const unfinished = Array.from({ length: 5000 }, (_, n) => n * 50)
  const progress = encodeProgress(unfinished, 250_000)
  expect(progress.metadata!.length).toBeLessThanOrEqual(4096)
  const done = doneBefore(progress)
  expect(unfinished.filter(done)).toEqual([])
  expect(done(1)).toBe(true)
  expect(done(249_999)).toBe(false)
})

test('metadata of somebody else says nothing', () => {
  expect(doneBefore({ offset: 5, metadata: 'by hand' })(6)).toBe(false)
  expect(doneBefore({ offset: 5 })(6)).toBe(false)
})
