import { expect, test } from 'vitest'
import { keyText } from './key-text.ts'

test('equal values give equal texts, whatever order their names are in', () => {
  expect(keyText({ k: { a: 1, b: [{ d: 1, c: 2 }] } }, ['k'])).toBe(
    keyText({ k: { b: [{ c: 2, d: 1 }], a: 1 } }, ['k']),
  )
})

test('several fields do not run into each other', () => {
  expect(keyText({ a: 'x', b: 'yz' }, ['a', 'b'])).not.toBe(keyText({ a: 'xy', b: 'z' }, ['a', 'b']))
})

test.each([
  ['a text', 'text', 'text'],
  ['a number', 1.5, '1.5'],
  ['a boolean', true, 'true'],
  ['null', null, 'null'],
  ['nothing', undefined, 'undefined'],
  ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
])('%s', (_what, value, text) => {
  expect(keyText({ value }, ['value'])).toBe(text)
})
