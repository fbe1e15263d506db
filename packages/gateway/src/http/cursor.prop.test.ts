import { isHeddleError } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cursorTail, formatCursor, parseCursor } from './cursor.ts'

const cursor = fc
  .uniqueArray(fc.tuple(fc.nat(999), fc.maxSafeNat()), {
    selector: ([partition]) => partition,
    minLength: 1,
    maxLength: 20,
  })
  .map((entries) => new Map(entries))

test('what is written is read again, whatever stands first', () => {
  fc.assert(
    fc.property(cursor, fc.nat(), (places, which) => {
      const first = [...places.keys()][which % places.size]!
      expect(parseCursor(formatCursor(places))).toEqual(places)
      const text = formatCursor(places, first)
      expect(parseCursor(text)).toEqual(places)
      expect(text.split(':')[0]).toBe(String(first))
      expect(text).toBe(`${first}:${places.get(first)}${cursorTail(places, first)}`)
    }),
  )
})

test.each(['', '0', '0:', ':1', '0:1,', '0:1;1:2', '0:-1', 'x:1', '0:1 ', '9999999999:1'])(
  "'%s' is refused",
  (text) => {
    expect(() => parseCursor(text)).toThrow(
      expect.toSatisfy((error: unknown) => isHeddleError(error, 'HEDDLE_HTTP_BAD_REQUEST')) as Error,
    )
  },
)
