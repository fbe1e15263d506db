import { isHeddleError } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fits, isWildcard, parseDestinations } from './destination.ts'
import { decodeName, durableName, encodeName, queueOfTopic, queueTopic } from './log-names.ts'

const name = fc.string({
  unit: fc.constantFrom('a', 'F', '2', '_', '.', '-', '/', ' ', 'é', '😀', ':'),
  minLength: 1,
  maxLength: 8,
})
const valid = /^[a-zA-Z0-9._-]{1,249}$/

test('any name becomes one that the log takes, and can be read back', () => {
  fc.assert(
    fc.property(name, (one) => {
      const topic = queueTopic(one)
      expect(topic).toMatch(valid)
      expect(queueOfTopic(topic)).toBe(one)
    }),
    { numRuns: 2_000 },
  )
})

test('different names stay different, also those of durable subscriptions', () => {
  fc.assert(
    fc.property(name, name, name, name, (a, b, c, d) => {
      expect(encodeName(`x${a}`) === encodeName(`x${b}`)).toBe(a === b)
      expect(durableName(a, b) === durableName(c, d)).toBe(a === c && b === d)
    }),
    { numRuns: 2_000 },
  )
})

test('a name that the log has already is left as it is', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9.-]{1,20}(_[a-z]{1,5})?$/), (one) => {
      fc.pre(one !== '.' && one !== '..')
      expect(encodeName(one)).toBe(one)
      expect(decodeName(one)).toBe(one)
    }),
  )
})

const segment = fc.constantFrom('a', 'b', '*', '>', '')

test('wildcards agree with a regular expression', () => {
  fc.assert(
    fc.property(
      fc.array(segment, { minLength: 1, maxLength: 4 }),
      fc.array(fc.constantFrom('a', 'b', ''), { minLength: 1, maxLength: 4 }),
      (pattern, path) => {
        const until = pattern.indexOf('>')
        const before = until === -1 ? pattern : pattern.slice(0, until)
        // `>` stands for any number of segments, each with its dot before it.
        const all =
          before.map((one) => `/${one === '*' ? '[^/]*' : one}`).join('') + (until === -1 ? '' : '(/[^/]*)*')
        expect(fits(pattern.join('.'), path.join('.'))).toBe(
          new RegExp(`^${all}$`).test(`/${path.join('/')}`),
        )
      },
    ),
    { numRuns: 2_000 },
  )
})

test('any text is read, or refused with an error of its own', () => {
  const text = fc.string({
    unit: fc.constantFrom('/queue/', '/topic/', '/temp-queue/', ',', 'a', '.', '>', '*', ' ', '?', '\0'),
    maxLength: 12,
  })
  fc.assert(
    fc.property(text, (one) => {
      try {
        for (const destination of parseDestinations(one))
          expect(isWildcard(destination)).toBeTypeOf('boolean')
      } catch (error) {
        if (!isHeddleError(error, 'HEDDLE_STOMP_DESTINATION_INVALID')) throw error
      }
    }),
  )
})
