import type { RestoreProgress } from '@heddle/core'
import { expect, test } from 'vitest'
import { bar, short, together } from './restore-words.ts'

const progress = (done: number, total: number, elapsedMs: number): RestoreProgress => ({
  store: 'shop/count',
  state: 'running',
  done,
  total,
  records: done,
  bytes: 100 * done,
  elapsedMs,
})

test('numbers have at most three digits and a unit', () => {
  const numbers = [0, 999, 1000, 9949, 9950, 999_499, 999_500, 1_234_567, 2e9]
  expect(numbers.map(short)).toEqual(['0', '999', '1.0k', '9.9k', '10k', '999k', '1.0M', '1.2M', '2.0G'])
})

test('a bar tells the share, the rate and the rest', () => {
  expect(bar(progress(0, 1_000_000, 0))).toBe(`${'░'.repeat(24)}  0%  0 of 1.0M, 0/s`)
  expect(bar(progress(500_000, 1_000_000, 2500))).toBe(
    `${'█'.repeat(12)}${'░'.repeat(12)} 50%  500k of 1.0M, 200k/s, 3 s left`,
  )
  expect(bar(progress(10, 10, 100))).toBe(`${'█'.repeat(24)}100%  10 of 10, 100/s, 0 s left`)
})

test('several are told together', () => {
  const all = together([progress(10, 100, 500), progress(20, 100, 1000)])
  expect([all.store, all.done, all.total, all.elapsedMs]).toEqual(['2 stores', 30, 200, 1000])
  expect(together([progress(1, 2, 3)]).store).toBe('shop/count')
})
