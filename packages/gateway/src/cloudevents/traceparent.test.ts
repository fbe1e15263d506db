import { expect, test } from 'vitest'
import { isTraceparent, newTraceparent } from './traceparent.ts'

test('made ones are well formed, and no two are the same', () => {
  const made = Array.from({ length: 1000 }, newTraceparent)
  expect(made.every(isTraceparent)).toBe(true)
  expect(new Set(made.map((one) => one.slice(3, 35))).size).toBe(1000)
})

test.each([
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
  ['cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings', true],
  ['ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', false],
  ['00-00000000000000000000000000000000-b7ad6b7169203331-01', false],
  ['00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', false],
  ['00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01', false],
  ['', false],
  [undefined, false],
])('%s: %s', (text, valid) => {
  expect(isTraceparent(text)).toBe(valid)
})
