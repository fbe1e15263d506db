import { describe, expect, it } from 'vitest'
import { partitionOf } from './open-transactions.ts'

describe('the partition of a group', () => {
  // By `Math.abs("…".hashCode()) % n` in Java 17; the third has the hash -2147483648, whose absolute value is none.
  it.each([
    ['', 50, 0],
    ['abc', 50, 96_354 % 50],
    ['polygenelubricants', 50, 0],
    ['copy-orders', 8, 3],
  ])('%o of %d is %d', (group, partitions, expected) => {
    expect(partitionOf(group, partitions)).toBe(expected)
  })
})
