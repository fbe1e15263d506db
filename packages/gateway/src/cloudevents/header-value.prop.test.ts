import { isHeddleError } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts'

test('any text comes back, and what is sent is printable ASCII', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const sent = encodeHeaderValue(text)
      expect(sent).toMatch(/^[\x21-\x7e]*$/)
      expect(decodeHeaderValue(sent, 'subject')).toBe(text)
    }),
  )
})

test.each([
  // The specification's own example.
  ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
  ['plain', 'plain'],
  ['%41%42', 'AB'],
  // Older senders quoted, and did not encode.
  ['"with \\"quotes\\" and spaces"', 'with "quotes" and spaces'],
  ['100% sure', '100% sure'],
  // UTF-8 that a sender put in as it is: Node hands headers over as latin1.
  [Buffer.from('München').toString('latin1'), 'München'],
])('%s is read as %s', (sent, meant) => {
  expect(decodeHeaderValue(sent, 'subject')).toBe(meant)
})

test('bytes that are not UTF-8 are refused, and the attribute is named', () => {
  const refused = (error: unknown): boolean =>
    isHeddleError(error, 'HEDDLE_EVENT_INVALID') && error.detail.includes('subject')
  expect(() => decodeHeaderValue('%ff%fe', 'subject')).toThrow(expect.toSatisfy(refused) as Error)
})
