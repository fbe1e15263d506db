/**
 * Cron expressions, as crontab(5) has them:
 *
 * ```
 * cron  = [second] minute hour day-of-month month day-of-week
 * field = part ("," part)*                       second, minute   0–59
 * part  = ("*" | value ["-" value]) ["/" step]   hour             0–23
 *                                                day of the month 1–31
 *                                                month            1–12 or JAN–DEC
 *                                                day of the week  0–7 or SUN–SAT; 0 and 7 are Sunday
 * ```
 * "value/step" goes on to the end of the range. Where both days are given, one of them is enough.
 *
 * @module
 */
import { HeddleError } from '@heddle/core'
import { type WallTime, instantOf, offsetAt, wallTimeAt } from './wall-time.ts'

export interface Cron {
  /** Whether its time of day has seconds. */
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly days: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  readonly weekdays: ReadonlySet<number>
  /** Either day is enough, since both are given. */
  readonly eitherDay: boolean
  /** It goes by the hour, whatever the hour is called. */
  readonly everyHour: boolean
}

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

/** Most characters of an expression: each minute of an hour by itself has 170. */
const maxLength = 400

/** 29 February on a certain day of the week comes every 28 years, and every 40 around 2100. */
const maxYears = 41

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** @throws HEDDLE_SCHEDULE_INVALID */
export function parseCron(text: string): Cron {
  const fields = text.trim().split(/\s+/)
  if (text.length > maxLength || fields.length < 5 || fields.length > 6)
    throw invalid(text, 'it has five fields, or six with seconds')
  const [second, minute, hour, day, month, weekday] = fields.length === 6 ? fields : ['0', ...fields]
  const weekdays = field(text, 'day of the week', weekday!, 0, 7, dayNames).map((value) => value % 7)
  return {
    seconds: field(text, 'second', second!, 0, 59),
    minutes: field(text, 'minute', minute!, 0, 59),
    hours: field(text, 'hour', hour!, 0, 23),
    days: new Set(field(text, 'day of the month', day!, 1, 31)),
    months: new Set(field(text, 'month', month!, 1, 12, monthNames, 1)),
    weekdays: new Set(weekdays),
    eitherDay: !day!.startsWith('*') && !weekday!.startsWith('*'),
    everyHour: hour!.startsWith('*'),
  }
}

/**
 * Its first time after `after`, in milliseconds since 1970; `undefined` when there is none within 41 years. A time that a clock
 * leaves out when it is put forward comes as much later; one that it shows twice comes once, the first time, unless the
 * expression goes by the hour.
 */
export function nextTime(cron: Cron, timeZone: string, after: number): number | undefined {
  const found = nextWallTime(cron, timeZone, after)
  if (!cron.everyHour || found === undefined || found - after <= hourMs) return found
  return inRepeatedHour(cron, timeZone, after, found) ?? found
}

function nextWallTime(cron: Cron, timeZone: string, after: number): number | undefined {
  const from = wallTimeAt(timeZone, after)
  const startDay = Date.UTC(from.year, from.month - 1, from.day)
  const lastYear = from.year + maxYears
  for (let day = startDay; ; day += dayMs) {
    const date = new Date(day)
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1]
    if (year > lastYear) return undefined
    if (!cron.months.has(month)) {
      // To its last day: the loop goes on to the next month.
      day = Date.UTC(year, month, 0)
      continue
    }
    if (!isDay(cron, date)) continue
    const found = onDay(cron, timeZone, date, after, day === startDay ? from : undefined)
    if (found !== undefined) return found
  }
}

function onDay(
  { hours, minutes, seconds }: Cron,
  timeZone: string,
  date: Date,
  after: number,
  from: WallTime | undefined,
): number | undefined {
  const day = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
  for (const hour of hours) {
    if (from && hour < from.hour) continue
    for (const minute of minutes) {
      if (from && hour === from.hour && minute < from.minute) continue
      for (const second of seconds) {
        const instant = instantOf(timeZone, { ...day, hour, minute, second })
        if (instant > after) return instant
      }
    }
  }
  return undefined
}

/** A clock that is put back shows an hour again: whether something is due in it. */
function inRepeatedHour(cron: Cron, timeZone: string, after: number, found: number): number | undefined {
  const end = Math.min(found, after + 3 * hourMs)
  if (offsetAt(timeZone, after) <= offsetAt(timeZone, end)) return undefined
  const step = cron.seconds.length === 1 && cron.seconds[0] === 0 ? 60_000 : 1000
  for (let at = Math.floor(after / step) * step + step; at < end; at += step)
    if (matches(cron, wallTimeAt(timeZone, at))) return at
  return undefined
}

function matches(cron: Cron, { day, hour, minute, month, second, year }: WallTime): boolean {
  return (
    cron.seconds.includes(second) &&
    cron.minutes.includes(minute) &&
    cron.hours.includes(hour) &&
    cron.months.has(month) &&
    isDay(cron, new Date(Date.UTC(year, month - 1, day)))
  )
}

function isDay({ days, eitherDay, weekdays }: Cron, date: Date): boolean {
  const [day, weekday] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())]
  return eitherDay ? day || weekday : day && weekday
}

function field(
  cron: string,
  name: string,
  text: string,
  min: number,
  max: number,
  names: readonly string[] = [],
  firstName = 0,
): number[] {
  const wrong = (part: string): HeddleError =>
    invalid(cron, `'${part}' is no ${name}: ${min} to ${max}, *, a-b, a-b/step, with commas between`)
  const number = (value: string, part: string): number => {
    const named = names.indexOf(value.toUpperCase())
    const found = named === -1 ? (/^\d{1,2}$/.test(value) ? Number(value) : Number.NaN) : named + firstName
    if (!(found >= min && found <= max)) throw wrong(part)
    return found
  }
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/')
    const by = step === undefined ? 1 : /^[1-9]\d?$/.test(step) ? Number(step) : Number.NaN
    if (Number.isNaN(by) || more.length > 0) throw wrong(part)
    let [first, last] = [min, max]
    if (range !== '*') {
      const [from = '', to, ...rest] = range.split('-')
      if (rest.length > 0) throw wrong(part)
      first = number(from, part)
      last = to === undefined ? (step === undefined ? first : max) : number(to, part)
      if (last < first) throw wrong(part)
    }
    for (let value = first; value <= last; value += by) values.add(value)
  }
  return [...values].sort((a, b) => a - b)
}

const invalid = (cron: string, why: string): HeddleError =>
  new HeddleError('HEDDLE_SCHEDULE_INVALID', `cron '${cron.slice(0, maxLength)}': ${why}`)
