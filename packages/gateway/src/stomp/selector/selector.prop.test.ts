import { isHeddleError } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { likeMatcher } from './like.ts'
import { compileSelector } from './selector.ts'
import type { Value } from './value.ts'

const letters = fc.constantFrom('a', 'b', '%', '_', '!', '😀', '.')

test('LIKE agrees with a regular expression', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: letters, maxLength: 8 }),
      fc.string({ unit: letters, maxLength: 12 }),
      (pattern, text) => {
        const regexp = pattern
          .replaceAll('.', String.raw`\.`)
          .replaceAll('%', '.*')
          .replaceAll('_', '.')
        expect(likeMatcher(pattern, undefined)(text)).toBe(new RegExp(`^${regexp}$`, 'su').test(text))
      },
    ),
    { numRuns: 2_000 },
  )
})

const leaf = fc.constantFrom<[string, boolean | null]>(
  ['one = 1', true],
  ['one = 2', false],
  ['none = 1', null],
  ["word LIKE 'w%'", true],
  ["word IN ('x')", false],
  ['none > 1', null],
  ['none BETWEEN 1 AND 2', null],
  ['one BETWEEN 1 AND 2', true],
)
type Case = readonly [text: string, value: boolean | null]
const negation = (value: boolean | null): boolean | null => (value === null ? null : !value)
const { tree } = fc.letrec<{ tree: Case }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    leaf,
    tie('tree').map(([text, value]): Case => [`NOT (${text})`, negation(value)]),
    fc.tuple(tie('tree'), tie('tree')).map(([[a, x], [b, y]]): Case => {
      const value = x === false || y === false ? false : x === null || y === null ? null : true
      return [`(${a}) AND (${b})`, value]
    }),
    fc.tuple(tie('tree'), tie('tree')).map(([[a, x], [b, y]]): Case => {
      const value = x === true || y === true ? true : x === null || y === null ? null : false
      return [`(${a}) OR (${b})`, value]
    }),
  ),
}))

const message: Readonly<Record<string, Value>> = { one: 1n, word: 'words' }
const wants = (text: string): boolean => compileSelector(text)((name) => message[name] ?? null)

test('logic has three values', () => {
  fc.assert(
    fc.property(tree, ([text, value]) => {
      expect(wants(text)).toBe(value === true)
      expect(wants(`NOT (${text})`)).toBe(value === false)
    }),
  )
})

const pieces = fc.constantFrom(
  ..."a 5 .5 1e9 'x' ' ( ) , = <> < >= + - * / % /* -- AND OR NOT LIKE IN BETWEEN IS NULL ESCAPE TRUE \0 😀".split(
    ' ',
  ),
)

test('garbage is refused with an error of its own, and what is read throws on no message', () => {
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 40 }),
      fc.constantFrom<Value>('x', 5n, 0.5, true, null, ''),
      (all, value) => {
        try {
          expect(compileSelector(all.join(' '))(() => value)).toBeTypeOf('boolean')
        } catch (error) {
          if (!isHeddleError(error, 'HEDDLE_STOMP_SELECTOR_INVALID')) throw error
        }
      },
    ),
    { numRuns: 3_000 },
  )
})

test('a pattern that means harm is given up on', () => {
  const hostile = likeMatcher(`%${'a'.repeat(4_000)}_b%`, undefined)
  expect(hostile('a'.repeat(64_000))).toBeUndefined()
})
