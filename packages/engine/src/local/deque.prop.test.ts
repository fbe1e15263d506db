import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deque } from './deque.ts'

test('does what an array does', () => {
  const step = fc.constantFrom('push', 'push', 'push', 'unshift', 'shift', 'shift')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 5000, size: 'max' }), (steps) => {
      const deque = new Deque<number>()
      const model: number[] = []
      for (const [n, what] of steps.entries()) {
        const [got, wanted] =
          what === 'shift' ? [deque.shift(), model.shift()] : [deque[what](n), void model[what](n)]
        expect(got).toBe(wanted)
        expect(deque.length).toBe(model.length)
      }
    }),
    { numRuns: 30 },
  )
})
