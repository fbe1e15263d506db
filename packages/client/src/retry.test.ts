import { expect, test } from 'vitest'
import { backoffOf, pause, retryAfterMs } from './retry.ts'

test('waits double up to the longest, and are a random part of that', () => {
  const backoff = backoffOf({ baseMs: 100, maxMs: 1000 }, 10)
  expect(backoff.attempts).toBe(10)
  for (const [failures, most] of [
    [1, 100],
    [2, 200],
    [3, 400],
    [10, 1000],
    [5000, 1000],
  ] as const) {
    const waits = Array.from({ length: 200 }, () => backoff.after(failures))
    expect(Math.max(...waits)).toBeLessThanOrEqual(most)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0)
    expect(new Set(waits).size).toBeGreaterThan(100)
  }
})

test('Retry-After is seconds, or a date', () => {
  expect(retryAfterMs(new Headers())).toBe(0)
  expect(retryAfterMs(new Headers({ 'retry-after': '2' }))).toBe(2000)
  expect(retryAfterMs(new Headers({ 'retry-after': 'soon' }))).toBe(0)
  expect(retryAfterMs(new Headers({ 'retry-after': new Date(0).toUTCString() }))).toBe(0)
  expect(retryAfterMs(new Headers({ 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }))).toBeGreaterThan(1e12)
})

test('a pause ends when it is aborted', async () => {
  const stop = new AbortController()
  const paused = pause(2 ** 30, stop.signal)
  stop.abort()
  await expect(paused).resolves.toBeUndefined()
  await expect(pause(2 ** 30, stop.signal)).resolves.toBeUndefined()
})
