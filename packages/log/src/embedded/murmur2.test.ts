import { expect, test } from 'vitest'
import { murmur2, partitionOf } from './murmur2.ts'

// From Kafka's UtilsTest.testMurmur2.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
  ['', 275646681],
])('murmur2 of %j is that of Kafka', (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash)
})

test('a hash that is negative makes no negative partition', () => {
  expect(partitionOf(Buffer.from('21'), 2, 10)).toBe((-973932308 & 0x7fffffff) % 10)
})
