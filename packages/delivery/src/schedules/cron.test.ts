import { describe, expect, test } from 'vitest'
import { nextTime, parseCron } from './cron.ts'

/** The times of a cron expression after one, as they are in UTC. */
function times(cron: string, after: string, count: number, timeZone = 'UTC'): string[] {
  const all: string[] = []
  const parsed = parseCron(cron)
  for (let at = Date.parse(after); all.length < count;) {
    at = nextTime(parsed, timeZone, at)!
    all.push(new Date(at).toISOString().replace(':00.000Z', ''))
  }
  return all
}

describe('in UTC', () => {
  test.each<[string, string, string[]]>([
    ['* * * * *', '2026-01-01T00:00:30Z', ['2026-01-01T00:01', '2026-01-01T00:02']],
    ['*/20 8-9 * * *', '2026-01-01T09:20:00Z', ['2026-01-01T09:40', '2026-01-02T08:00']],
    ['30 4 1,15 * *', '2026-01-02T00:00:00Z', ['2026-01-15T04:30', '2026-02-01T04:30']],
    ['0 0 * * MON-FRI', '2026-01-02T12:00:00Z', ['2026-01-05T00:00', '2026-01-06T00:00']],
    ['0 12 * * 7', '2026-01-01T00:00:00Z', ['2026-01-04T12:00', '2026-01-11T12:00']],
    // Either day.
    ['0 0 13 * fri', '2026-01-01T00:00:00Z', ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00']],
    ['0 0 29 feb *', '2026-01-01T00:00:00Z', ['2028-02-29T00:00', '2032-02-29T00:00']],
    ['0 0 29 2 0', '2026-03-01T00:00:00Z', ['2027-02-07T00:00']],
    ['5/25 * * * *', '2026-01-01T00:00:00Z', ['2026-01-01T00:05', '2026-01-01T00:30', '2026-01-01T00:55']],
    ['59 23 31 12 *', '2026-12-31T23:59:00Z', ['2027-12-31T23:59']],
  ])('%s after %s', (cron, after, wanted) => {
    expect(times(cron, after, wanted.length)).toEqual(wanted)
  })

  test('with seconds', () => {
    expect(times('*/30 59 23 * * *', '2026-01-01T23:59:29Z', 2)).toEqual([
      '2026-01-01T23:59:30.000Z',
      '2026-01-02T23:59',
    ])
  })

  test('never', () => {
    expect(nextTime(parseCron('0 0 31 2 *'), 'UTC', 0)).toBeUndefined()
  })
})

describe('where clocks are changed', () => {
  // Berlin: forward on 29 March 2026 at 1:00 UTC, from 2:00 to 3:00; back on 25 October at 1:00 UTC, from 3:00 to 2:00.
  test('what is left out comes as much later', () => {
    expect(times('30 2 * * *', '2026-03-28T00:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-03-28T01:30',
      '2026-03-29T01:30',
      '2026-03-30T00:30',
    ])
  })

  test('what is shown twice comes once', () => {
    expect(times('30 2 * * *', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ])
  })

  test('what goes by the hour goes on', () => {
    expect(times('30 * * * *', '2026-10-24T23:45:00Z', 4, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T01:30',
      '2026-10-25T02:30',
      '2026-10-25T03:30',
    ])
    expect(times('0 * * * *', '2026-03-28T23:45:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-03-29T00:00',
      '2026-03-29T01:00',
      '2026-03-29T02:00',
    ])
  })
})

test.each([
  '',
  '* * * *',
  '* * * * * * *',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * * 13 *',
  '* * * * 8',
  '*/0 * * * *',
  '5-1 * * * *',
  '1-2-3 * * * *',
  '1/2/3 * * * *',
  'a * * * *',
  '1,, * * * *',
  '@daily',
])('%j is none', (cron) => {
  expect(() => parseCron(cron)).toThrow(expect.objectContaining({ code: 'HEDDLE_SCHEDULE_INVALID' }))
})

test('there is no such time zone', () => {
  expect(() => nextTime(parseCron('* * * * *'), 'Mars/Base', 0)).toThrow(/no time zone 'Mars\/Base'/)
})
