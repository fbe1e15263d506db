import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SortedMap } from './sorted-map.ts'

const key = fc.stringMatching(/^[a-c]{0,4}$/)
const step = fc.record({ key, value: fc.option(fc.nat(9), { nil: undefined }) })

test('is a map with its keys in order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), key, (steps, asked) => {
      const map = new SortedMap<number>()
      const model = new Map<string, number>()
      for (const each of steps) {
        if (each.value === undefined) {
          map.delete(each.key)
          model.delete(each.key)
        } else {
          map.set(each.key, each.value)
          model.set(each.key, each.value)
        }
      }
      const keys = [...model.keys()].sort()
      expect(map.size).toBe(model.size)
      expect(map.get(asked)).toBe(model.get(asked))
      expect(map.ceiling(asked)).toBe(keys.find((each) => each >= asked))
      expect(map.after(asked)).toBe(keys.find((each) => each > asked))
      expect(map.floor(asked)).toBe(keys.findLast((each) => each <= asked))
      expect(map.before(asked)).toBe(keys.findLast((each) => each < asked))
    }),
  )
})

test('goes on over the ends of blocks', () => {
  const map = new SortedMap<number>()
  const keys = Array.from({ length: 5000 }, (_, at) => String(at).padStart(5, '0'))
  for (const [at, each] of keys.entries()) map.set(keys[(at * 2617) % 5000]!, Number(each))
  const found: string[] = []
  for (let at = map.ceiling(''); at !== undefined; at = map.after(at)) found.push(at)
  expect(found).toEqual(keys)
  const back: string[] = []
  for (let at = map.floor('~'); at !== undefined; at = map.before(at)) back.push(at)
  expect(back).toEqual(keys.toReversed())
})
