import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Breaker } from './breaker.ts'
import { Pace } from './pace.ts'

it('stays between 1 and its maximum, grows by one a round, and is halved once for all that was under way', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.array(fc.boolean(), { maxLength: 300 }),
      (max, answers) => {
        const pace = new Pace(max)
        for (const well of answers) {
          const before = pace.limit
          const { round } = pace
          if (well) pace.well()
          else for (let request = 0; request < before; request++) pace.badly(round)
          const least = well ? before : Math.max(1, Math.floor(before / 2))
          expect(pace.limit).toBeGreaterThanOrEqual(least)
          expect(pace.limit).toBeLessThanOrEqual(well ? Math.min(max, before + 1) : before)
        }
        for (let request = 0; request < max * max * 2; request++) pace.well()
        expect(pace.limit).toBe(max)
      },
    ),
  )
})

it('opens only after as many failures one after the other, and never for longer than the longest time', () => {
  const settings = { failures: 3, openMs: 10, maxOpenMs: 100 }
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (answers) => {
      const breaker = new Breaker(settings)
      let failures = 0
      let now = 0
      let longest = 0
      let late = false
      for (const alive of answers) {
        if (breaker.state === 'open') {
          longest = Math.max(longest, breaker.openUntil - now)
          now = breaker.openUntil
          breaker.tryOne()
          // What began before says nothing now.
          late ||= breaker.alive(breaker.round - 1)
        }
        const trying = breaker.state === 'half-open'
        failures = alive ? 0 : failures + 1
        const changed = alive ? breaker.alive(breaker.round) : breaker.failed(breaker.round, now)
        expect(breaker.state).toBe(alive || (!trying && failures < settings.failures) ? 'closed' : 'open')
        expect(changed).toBe(trying || breaker.state === 'open')
      }
      expect(longest).toBeLessThanOrEqual(settings.maxOpenMs)
      expect(late).toBe(false)
    }),
  )
})
