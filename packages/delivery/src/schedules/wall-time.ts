import { HeddleError } from '@heddle/core'

/** What a clock on the wall shows. Months and days count from 1. */
export interface WallTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

/** Formats are slow to make, and schedules have few time zones. */
const formats = new Map<string, Intl.DateTimeFormat>()

/** Most of them that are kept: there are some 600 names of time zones. */
const maxFormats = 1000

const dayMs = 86_400_000

/** @throws HEDDLE_SCHEDULE_INVALID when there is no such time zone. */
export function checkTimeZone(timeZone: string): void {
  formatOf(timeZone)
}

/** What the clocks of a time zone show at that instant, in milliseconds since 1970. */
export function wallTimeAt(timeZone: string, instant: number): WallTime {
  const shown = new Date(instant + offsetAt(timeZone, instant))
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
  }
}

/** By how many milliseconds the clocks of a time zone are ahead of UTC at that instant. */
export function offsetAt(timeZone: string, instant: number): number {
  if (timeZone === 'UTC') return 0
  const parts: Record<string, number> = {}
  for (const { type, value } of formatOf(timeZone).formatToParts(instant)) parts[type] = Number(value)
  const { day, hour, minute, month, second, year } = parts
  const shown = Date.UTC(year!, month! - 1, day, hour, minute, second)
  return shown - Math.floor(instant / 1000) * 1000
}

/**
 * When the clocks of a time zone show that, in milliseconds since 1970: the first time if they do so twice; as much later as they
 * are put forward if they never do.
 */
export function instantOf(timeZone: string, { day, hour, minute, month, second, year }: WallTime): number {
  const shown = Date.UTC(year, month - 1, day, hour, minute, second)
  const before = offsetAt(timeZone, shown - dayMs)
  const after = offsetAt(timeZone, shown + dayMs)
  if (before === after) return shown - before
  const fits = [before, after]
    .map((offset) => shown - offset)
    .filter((at) => at + offsetAt(timeZone, at) === shown)
  return fits.length > 0 ? Math.min(...fits) : shown - before
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone)
  if (format) return format
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (error) {
    throw new HeddleError('HEDDLE_SCHEDULE_INVALID', `there is no time zone '${timeZone}'`, { cause: error })
  }
  if (formats.size < maxFormats) formats.set(timeZone, format)
  return format
}
