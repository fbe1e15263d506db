import { HeddleError, type ScheduleTiming } from '@heddle/core'
import { type Cron, nextTime, parseCron } from './cron.ts'
import { checkTimeZone } from './wall-time.ts'

/** The year 9999 ends: RFC 3339 has four digits for it. */
export const lastTime = 253_402_300_799_999

/** Parsed once: many schedules have the same. */
const parsed = new Map<string, Cron>()

/** Most of them that are kept. */
const maxParsed = 1000

const invalid = (why: string): HeddleError => new HeddleError('HEDDLE_SCHEDULE_INVALID', why)

/** @throws HEDDLE_SCHEDULE_INVALID */
export function checkTiming(timing: ScheduleTiming): void {
  const { afterMs, at, cron, everyMs, timeZone, times } = timing
  whole('at', at, 0)
  whole('afterMs', afterMs, 0)
  whole('everyMs', everyMs, 1)
  whole('times', times, 1)
  if (cron === undefined) {
    if (timeZone !== undefined) throw invalid('timeZone is for cron')
    if (at !== undefined && afterMs !== undefined) throw invalid('it says both at and afterMs')
    if (at === undefined && afterMs === undefined && everyMs === undefined)
      throw invalid('it does not say when: at, afterMs, everyMs or cron')
    if (times !== undefined && times > 1 && everyMs === undefined)
      throw invalid(`${times} times, and not how often: everyMs or cron`)
    return
  }
  if (at !== undefined) throw invalid('it says both at and cron')
  if (everyMs !== undefined && times === undefined)
    throw invalid('cron with everyMs begins a run each time: it needs times')
  if (afterMs !== undefined && everyMs === undefined)
    throw invalid('cron with afterMs is for runs: it needs everyMs and times')
  parse(cron)
  checkTimeZone(timeZone ?? 'UTC')
}

/**
 * When it is sent at first, in milliseconds since 1970; for one that begins runs, when the first one begins.
 * @throws HEDDLE_SCHEDULE_INVALID when that is never.
 */
export function firstTime(timing: ScheduleTiming, now: number): number {
  const { afterMs, at, cron, everyMs } = timing
  const first = cron === undefined ? (at ?? now + (afterMs ?? everyMs!)) : cronTime(timing, now)
  if (first === undefined) throw invalid(`cron '${cron}' is never due`)
  if (first > lastTime) throw invalid('it is due after the year 9999')
  return first
}

/**
 * When it is due again; `undefined` when it is done.
 * @param at When it was due.
 * @param sent How often it was sent by now, or how many runs it began.
 * @param now Times that have passed by then are left out.
 */
export function timeAfter(timing: ScheduleTiming, at: number, sent: number, now: number): number | undefined {
  const { cron, everyMs, times } = timing
  let next: number | undefined
  if (cron !== undefined) {
    if (everyMs === undefined && times !== undefined && sent >= times) return undefined
    next = cronTime(timing, Math.max(at, now))
  } else {
    if (everyMs === undefined || (times !== undefined && sent >= times)) return undefined
    next = at + everyMs * Math.max(1, Math.ceil((now + 1 - at) / everyMs))
  }
  return next !== undefined && next <= lastTime ? next : undefined
}

/** The timing of a run that begins at a time of `cron`; `undefined` for a schedule that has none. */
export function runTiming(
  { afterMs, cron, everyMs, times }: ScheduleTiming,
  at: number,
): ScheduleTiming | undefined {
  if (cron === undefined || everyMs === undefined) return undefined
  return { at: Math.min(lastTime, at + (afterMs ?? everyMs)), everyMs, times: times! }
}

/** Whether events are sent more than once, and so need ids of their own. */
export const isRepeated = ({ cron, everyMs, times }: ScheduleTiming): boolean =>
  cron !== undefined || (everyMs !== undefined && times !== 1)

function cronTime({ cron, timeZone = 'UTC' }: ScheduleTiming, after: number): number | undefined {
  return nextTime(parse(cron!), timeZone, after)
}

function parse(text: string): Cron {
  let cron = parsed.get(text)
  if (cron) return cron
  cron = parseCron(text)
  if (parsed.size < maxParsed) parsed.set(text, cron)
  return cron
}

function whole(name: string, value: unknown, min: number): void {
  if (value === undefined) return
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= lastTime) return
  throw invalid(`${name} is a whole number from ${min} on`)
}
