import { ManualClock } from '@heddle/core'
import { expect, test } from 'vitest'
import { Throttle } from './throttle.ts'

test('the first of a kind at once, then one in each interval with the number of those between', async () => {
  const clock = new ManualClock()
  const throttle = new Throttle(clock, 1000)
  const told: string[] = []
  const say = (kind: string): void => throttle.pass(kind, (leftOut) => told.push(`${kind}+${leftOut}`))
  for (let n = 0; n < 5; n++) say('a')
  say('b')
  await clock.advance(999)
  say('a')
  await clock.advance(1)
  say('a')
  say('a')
  await clock.advance(5000)
  say('a')
  expect(told).toEqual(['a+0', 'b+0', 'a+5', 'a+1'])
})
