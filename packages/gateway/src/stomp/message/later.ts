/**
 * A SEND for later, as ActiveMQ's scheduler has it. https://activemq.apache.org/components/classic/documentation/delay-and-schedule-message-delivery
 *
 * ```
 * AMQ_SCHEDULED_DELAY    ms until it is sent; 0 is as none      AMQ_SCHEDULED_CRON    five fields, in the time zone of the host
 * AMQ_SCHEDULED_PERIOD   ms between one time and the next       AMQ_SCHEDULED_REPEAT  how often it is sent after the first time;
 *                                                                                     -1 without end
 * ```
 * Without a delay the first time is one period later. With a cron and a repeat, what the others say begins at each time of the cron;
 * without a repeat they say nothing. A repeat alone is a header as any other.
 *
 * @module
 */
import { HeddleError, type RecordInput, type ScheduleTiming } from '@heddle/core'
import { stompPrefix } from './record.ts'

/** When a message is sent, and how it expires then. */
export interface Later {
  readonly timing: ScheduleTiming
  readonly expiresAfterMs?: number
}

const prefix = 'AMQ_SCHEDULED_'
const names = ['DELAY', 'PERIOD', 'REPEAT', 'CRON'].map((name) => prefix + name)

/** As in ActiveMQ, against clients that ask for more than they mean. */
const maxRepeat = 1000

/**
 * @param now Milliseconds since 1970.
 * @returns `undefined` for a message that is sent now.
 * @throws HEDDLE_STOMP_COMMAND_INVALID, HEDDLE_SCHEDULE_INVALID
 */
export function laterOf(headers: ReadonlyMap<string, string>, now: number): Later | undefined {
  const cron = headers.get(`${prefix}CRON`)
  if (cron === undefined && !headers.has(`${prefix}DELAY`) && !headers.has(`${prefix}PERIOD`))
    return undefined
  const timing = timingOf(
    cron,
    number(headers, 'DELAY'),
    number(headers, 'PERIOD'),
    number(headers, 'REPEAT'),
  )
  const expires = Number(headers.get('expires') ?? 0)
  return { timing, ...(expires > 0 && { expiresAfterMs: Math.max(1, expires - sentAt(headers, now)) }) }
}

/** The record without what said when: it would be scheduled again where it is sent on. */
export const withoutLater = (record: RecordInput): RecordInput => ({
  ...record,
  headers: (record.headers ?? []).filter(
    ([name]) => !name.startsWith(stompPrefix) || !names.includes(name.slice(stompPrefix.length)),
  ),
})

function timingOf(cron: string | undefined, delay: number, period: number, repeat: number): ScheduleTiming {
  const again = repeat === 0 ? {} : { everyMs: Math.max(1, period), ...(repeat > 0 && { times: repeat + 1 }) }
  if (cron === undefined) return { afterMs: delay > 0 ? delay : period, ...again }
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (repeat === 0) return { cron, timeZone }
  if (repeat < 0) throw invalid('REPEAT', 'has an end where there is a CRON: runs would heap up')
  return { cron, timeZone, ...again, ...(delay > 0 && { afterMs: delay }) }
}

const sentAt = (headers: ReadonlyMap<string, string>, now: number): number =>
  Number(headers.get('timestamp') ?? now)

function number(headers: ReadonlyMap<string, string>, name: string): number {
  const text = headers.get(prefix + name)
  if (text === undefined) return 0
  if (!(name === 'REPEAT' ? /^-?\d{1,15}$/ : /^\d{1,15}$/).test(text))
    throw invalid(name, `is a whole number, and is ${JSON.stringify(text.slice(0, 40))}`)
  if (name === 'REPEAT' && Number(text) > maxRepeat) throw invalid(name, `is at most ${maxRepeat}`)
  return Number(text)
}

const invalid = (name: string, why: string): HeddleError =>
  new HeddleError('HEDDLE_STOMP_COMMAND_INVALID', `${prefix}${name} ${why}`)
