import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from './event/record.ts'
import { murmur2 } from './murmur2.ts'

// Hashes of Kafka's own test (UtilsTest.testMurmur2), without their sign bit.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
  ['', 275646681],
])('%s', (text, hash) => {
  expect(murmur2(text)).toBe(hash & 0x7fffffff)
})

test('a text gives what its UTF-8 bytes give', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(murmur2(text)).toBe(murmur2(utf8(text)))
    }),
  )
})

test.each(['21', 'foobar', 'é', '𝄞'])('%s has the hash that Buffer’s bytes have', (text) => {
  expect(murmur2(text)).toBe(murmur2(Buffer.from(text)))
})
