import fc from 'fast-check'
import { expect, test } from 'vitest'
import { headerValue } from './http-message.ts'

test('a header value is printable ASCII and decodes to what it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const value = headerValue(text)
      expect(value).toMatch(/^[!-~]*$/)
      expect(value).not.toContain('"')
      expect(decodeURIComponent(value)).toBe(text.toWellFormed())
    }),
  )
})
