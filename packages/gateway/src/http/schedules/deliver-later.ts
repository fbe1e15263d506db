/**
 * When an event is to be sent, as it says itself in extension attributes; they are taken off before it is sent.
 *
 * ```
 * deliverat      RFC 3339, or milliseconds since 1970        delivercron    five fields, or six with seconds
 * deliverafter   a duration (10m), or milliseconds           deliverzone    time zone of delivercron; default UTC
 * deliverevery   a duration, or milliseconds                 delivertimes   how often
 * scheduleid     id of the schedule; default: made of topic, source and id of the event
 * ```
 * See `ScheduleTiming` in core for how they go together.
 *
 * @module
 */
import {
  type Duration,
  HeddleError,
  type NewSchedule,
  type RecordInput,
  type ScheduleTiming,
  milliseconds,
} from '@heddle/core'

const attributePrefix = 'ce_deliver'

const readers: Readonly<Record<string, (text: string) => ScheduleTiming>> = {
  ce_deliverat: (text) => ({ at: timeOf(text, 'deliverat') }),
  ce_deliverafter: (text) => ({ afterMs: durationOf(text, 'deliverafter') }),
  ce_deliverevery: (text) => ({ everyMs: durationOf(text, 'deliverevery') }),
  ce_delivercron: (cron) => ({ cron }),
  ce_deliverzone: (timeZone) => ({ timeZone }),
  ce_delivertimes: (text) => ({ times: wholeOf(text, 'delivertimes') }),
}

const idHeader = 'ce_scheduleid'

/**
 * The schedule of a record; `undefined` for one that is sent now.
 * @throws HEDDLE_SCHEDULE_INVALID
 */
export function scheduleIn(topic: string, record: RecordInput): NewSchedule | undefined {
  const { headers = [] } = record
  if (!headers.some(([name]) => name.startsWith(attributePrefix) && Object.hasOwn(readers, name)))
    return undefined
  let timing: ScheduleTiming = {}
  let id: string | undefined
  const kept = headers.filter(([name, value]) => {
    if (name === idHeader) id = textOf(value)
    else if (Object.hasOwn(readers, name)) timing = { ...timing, ...readers[name]!(textOf(value)) }
    else return true
    return false
  })
  return { topic, record: { ...record, headers: kept }, timing, ...(id !== undefined && { id }) }
}

/** A time as RFC 3339, or in milliseconds since 1970. @throws HEDDLE_SCHEDULE_INVALID */
export function timeOf(text: string, name: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  // A time without an offset would mean another one on each machine.
  const time = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text.replace(' ', 'T').toUpperCase())
    : Number.NaN
  if (!Number.isNaN(time)) return time
  throw invalid(
    name,
    `'${text.slice(0, 100)}' is no RFC 3339 time with an offset, nor milliseconds since 1970`,
  )
}

/** A duration such as `10m`, or milliseconds. @throws HEDDLE_SCHEDULE_INVALID */
export function durationOf(text: string, name: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  try {
    return milliseconds(text as Duration)
  } catch (error) {
    throw invalid(name, `'${text.slice(0, 100)}' is no duration such as 10m, nor milliseconds`, error)
  }
}

function wholeOf(text: string, name: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw invalid(name, `'${text.slice(0, 100)}' is no whole number`)
}

const textOf = (value: Uint8Array | string): string =>
  typeof value === 'string' ? value : Buffer.from(value).toString()

const invalid = (name: string, why: string, cause?: unknown): HeddleError =>
  new HeddleError('HEDDLE_SCHEDULE_INVALID', `${name}: ${why}`, { cause })
