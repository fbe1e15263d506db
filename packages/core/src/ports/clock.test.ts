import { describe, expect, it } from 'vitest'
import { ManualClock, sleep, systemClock } from '../index.ts'

describe('a manual clock', () => {
  it('fires timers in order, each at its time, those set on the way too', async () => {
    const clock = new ManualClock(1000)
    const seen: [string, number][] = []
    clock.after(20, () => seen.push(['b', clock.now()]))
    clock.after(10, () => {
      seen.push(['a', clock.now()])
      clock.after(5, () => seen.push(['a2', clock.now()]))
    })
    clock.after(10, () => seen.push(['never', 0])).clear()
    await clock.advance(30)
    expect(seen).toEqual([
      ['a', 1010],
      ['a2', 1015],
      ['b', 1020],
    ])
    expect(clock.now()).toBe(1030)
    expect(clock.pending).toBe(0)
  })

  it('is slept on, until the time or the signal', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const woken: string[] = []
    const both = Promise.all([
      sleep(clock, 10).then(() => woken.push('time')),
      sleep(clock, 1e9, controller.signal).then(() => woken.push('signal')),
    ])
    await clock.advance(10)
    controller.abort()
    await both
    expect(woken).toEqual(['time', 'signal'])
    expect(clock.pending).toBe(0)
  })

  it('has a sibling that goes by itself', async () => {
    const before = systemClock.now()
    await sleep(systemClock, 1)
    expect(systemClock.now()).toBeGreaterThanOrEqual(before)
  })
})
