import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DedupeIndex } from './dedupe-index.ts'

test('it knows what a list of the last identities knows, however hashes collide', () => {
  const step = fc.record({
    // Few values, so that many share a place in the table.
    high: fc.integer({ min: 0, max: 7 }),
    low: fc.integer({ min: 1, max: 3 }),
    wait: fc.integer({ min: 0, max: 30 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 200 }), (steps, ids) => {
      const ms = 1000
      const index = new DedupeIndex({ ms, ids }, 0)
      let list: { high: number; low: number; offset: number; time: number }[] = []
      let now = 0
      for (const [offset, { high, low, wait }] of steps.entries()) {
        now += wait
        index.expire(now)
        list = list.filter(({ time }) => time >= now - ms)
        const found: number[] = []
        index.find(high, low, (candidate) => {
          found.push(candidate)
          return false
        })
        const wanted = list.filter((entry) => entry.high === high && entry.low === low)
        expect(new Set(found)).toEqual(new Set(wanted.map(({ offset }) => offset)))
        index.add(high, low, offset, now)
        list = [...list, { high, low, offset, time: now }].slice(-ids)
        expect(index.size).toBe(list.length)
      }
    }),
  )
})

test('a window of no identities keeps none', () => {
  const index = new DedupeIndex({ ms: 1000, ids: 0 }, 0)
  index.add(1, 1, 0, 0)
  expect(index.size).toBe(0)
})
