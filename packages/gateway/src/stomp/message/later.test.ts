import { expect, test } from 'vitest'
import { laterOf, withoutLater } from './later.ts'

const now = Date.UTC(2026, 0, 1)
const of = (headers: Readonly<Record<string, string>>) => {
  const named = Object.entries(headers).map(([name, value]) => [`AMQ_SCHEDULED_${name}`, value] as const)
  return laterOf(new Map(named), now)
}
const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone

test.each([
  [{ DELAY: '5000' }, { afterMs: 5000 }],
  [{ DELAY: '0' }, { afterMs: 0 }],
  [{ PERIOD: '700' }, { afterMs: 700 }],
  [
    { DELAY: '5', PERIOD: '700', REPEAT: '9' },
    { afterMs: 5, everyMs: 700, times: 10 },
  ],
  [
    { PERIOD: '700', REPEAT: '1' },
    { afterMs: 700, everyMs: 700, times: 2 },
  ],
  [
    { PERIOD: '700', REPEAT: '-1' },
    { afterMs: 700, everyMs: 700 },
  ],
  [
    { DELAY: '5', REPEAT: '2' },
    { afterMs: 5, everyMs: 1, times: 3 },
  ],
  [{ CRON: '0 * * * *' }, { cron: '0 * * * *', timeZone }],
  [
    { CRON: '0 * * * *', DELAY: '9', PERIOD: '9' },
    { cron: '0 * * * *', timeZone },
  ],
  [
    { CRON: '0 * * * *', DELAY: '1000', PERIOD: '10', REPEAT: '9' },
    { cron: '0 * * * *', timeZone, afterMs: 1000, everyMs: 10, times: 10 },
  ],
])('%j', (headers, timing) => {
  expect(of(headers)).toEqual({ timing })
})

test('what says nothing of later is sent now', () => {
  expect(of({})).toBeUndefined()
  expect(of({ REPEAT: '3' })).toBeUndefined()
})

test.each([
  { DELAY: 'soon' },
  { DELAY: '-5' },
  { PERIOD: '1.5' },
  { DELAY: '1', REPEAT: '1001' },
  { CRON: '0 * * * *', PERIOD: '1', REPEAT: '-1' },
])('%j is refused', (headers) => {
  expect(() => of(headers)).toThrow(expect.objectContaining({ code: 'HEDDLE_STOMP_COMMAND_INVALID' }))
})

test('it expires as long after it was sent as it would have', () => {
  const headers = new Map([
    ['AMQ_SCHEDULED_DELAY', '5'],
    ['expires', String(now + 3_000)],
  ])
  expect(laterOf(headers, now)!.expiresAfterMs).toBe(3_000)
  expect(laterOf(headers.set('timestamp', String(now - 1_000)), now)!.expiresAfterMs).toBe(4_000)
  expect(laterOf(headers.set('expires', '0'), now)!.expiresAfterMs).toBeUndefined()
})

test('what said when is left out of what is sent', () => {
  const headers = [
    ['stomp_AMQ_SCHEDULED_DELAY', '5'],
    ['stomp_colour', 'red'],
    ['ce_id', 'a'],
  ] as const
  expect(withoutLater({ value: 'x', headers }).headers).toEqual(headers.slice(1))
})
