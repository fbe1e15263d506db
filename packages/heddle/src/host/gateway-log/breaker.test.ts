import { HeddleError, ManualClock, isHeddleError } from '@heddle/core'
import { expect, test } from 'vitest'
import { Breaker } from './breaker.ts'

const timeoutMs = 5_000

function setUp() {
  const clock = new ManualClock()
  const reasons: (string | undefined)[] = []
  const breaker = new Breaker(clock, timeoutMs, (reason) => reasons.push(reason))
  const outcome = (work: () => Promise<unknown>): Promise<unknown> =>
    breaker.run(work).catch((error: unknown) => (isHeddleError(error) ? error.info['retryAfterMs'] : error))
  return { clock, reasons, breaker, outcome }
}

const never = (): Promise<never> => new Promise(() => {})
const unreachable = (): Promise<never> =>
  Promise.reject(new HeddleError('HEDDLE_LOG_UNAVAILABLE', 'no broker'))

test('after a failure calls are refused with the time of the next attempt, and one is let through then', async () => {
  const { clock, reasons, outcome } = setUp()
  expect(await outcome(unreachable)).toBe(500)
  let calls = 0
  const answer = (): Promise<string> => {
    calls++
    return Promise.resolve('answer')
  }
  await clock.advance(200)
  expect(await outcome(answer)).toBe(500)
  expect(calls).toBe(0)
  await clock.advance(300)
  // The one that is let through fails: twice as long.
  expect(await outcome(unreachable)).toBe(1_000)
  await clock.advance(999)
  await outcome(answer)
  expect(calls).toBe(0)
  await clock.advance(1)
  expect(await outcome(answer)).toBe('answer')
  expect(await outcome(answer)).toBe('answer')
  expect(reasons).toEqual(['no broker', 'no broker', undefined, undefined])
})

test('a call that gets no answer is given up in time, and meanwhile others are let through only before that is known', async () => {
  const { clock, outcome } = setUp()
  const outcomes = [outcome(never), outcome(never)]
  await clock.advance(timeoutMs)
  // Both are one failure.
  expect(await Promise.all(outcomes)).toEqual([500, 500])
  await clock.advance(500)
  const trial = outcome(never)
  expect(await outcome(() => Promise.resolve('answer'))).toBe(500)
  await clock.advance(timeoutMs)
  expect(await trial).toBe(1_000)
})

test('an error of another kind is an answer', async () => {
  const { outcome } = setUp()
  const unknown = new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC')
  for (let n = 0; n < 3; n++) expect(await outcome(() => Promise.reject(unknown))).toBeUndefined()
})
