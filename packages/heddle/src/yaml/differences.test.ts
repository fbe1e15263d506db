import { expect, test } from 'vitest'
import { differences } from './differences.ts'

test.each([
  [1, 1, []],
  [{ a: 1 }, { a: 1, b: 2 }, []],
  [[{ a: 1 }], [{ a: 1, b: 2 }], []],
  [null, null, []],
  [null, undefined, ['it: expected null, and it is missing']],
  [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, ['a.b[1]: expected 2, and it is 3']],
  [[1], [1, 2], ['it: expected 1 items, and there are 2: [1,2]']],
  [[1], { 0: 1 }, ['it: expected a list, and it is {"0":1}']],
  [{ a: 1 }, [1], ['it: expected {"a":1}, and it is [1]']],
  [{ a: 1, b: 2 }, { a: '1' }, ['a: expected 1, and it is "1"', 'b: expected 2, and it is missing']],
])('%j against %j', (expected, actual, lines) => {
  expect(differences(expected, actual)).toEqual(lines)
})
