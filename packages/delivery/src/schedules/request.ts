/**
 * What is asked of those who keep schedules, and what they answer. Both are events.
 *
 * ```
 * topic heddle.schedules           type heddle.schedule.<verb>
 *   set      to the partition of the event's key, or of the id where it was chosen; data: an entry (see entry.ts)
 *   cancel, move, show, list, count
 *            to each partition; data: JSON { "request", … }
 * topic heddle.schedules.answers   type heddle.schedule.answer
 *            data: JSON { "request", "partition", … }
 * ```
 * All but `list` and `count` find the schedule in one partition, which answers `found`; the others answer that they have none.
 *
 * @module
 */
import {
  HeddleError,
  type LogRecord,
  type RecordInput,
  type Schedule,
  type ScheduleQuery,
  errorMessage,
} from '@heddle/core'
import { type Entry, asBuffer, decodeEntry, isEntry } from './entry.ts'

const prefix = 'heddle.schedule.'

/** What is asked about schedules that are there. */
export type Question =
  | { readonly verb: 'cancel' | 'show'; readonly id: string }
  | { readonly verb: 'move'; readonly id: string; readonly at: number }
  | ({ readonly verb: 'list'; readonly limit: number } & Pick<ScheduleQuery, 'topic' | 'after'>)
  | { readonly verb: 'count' }

export type Request =
  | { readonly verb: 'set'; readonly entry: Entry }
  | (Question & { readonly request: string })

/** What one partition answers. */
export interface Answer {
  readonly request: string
  readonly partition: number
  /** The schedule that was cancelled, moved, or to be shown. */
  readonly found?: Schedule
  /** The event to be shown, as an entry in base64. */
  readonly entry?: string
  readonly count?: number
  /** Schedules of a page, each with the key that it is found by. */
  readonly listed?: readonly (readonly [key: string, schedule: Schedule])[]
  /** Up to where it looked, when there may be more. */
  readonly more?: string
}

/** @param identity What tells a repeat from another. */
export function requestRecord(
  verb: Request['verb'],
  identity: string,
  value: Uint8Array | string,
): RecordInput & { readonly value: Uint8Array | string } {
  const type = verb === 'set' ? 'application/octet-stream' : 'application/json'
  return { key: null, value, headers: headersOf(verb, identity, type) }
}

export const questionRecord = (
  { verb, ...rest }: Question,
  request: string,
  partition: number,
): RecordInput => ({
  ...requestRecord(verb, `${request}/${partition}`, JSON.stringify({ request, ...rest })),
  partition,
})

export const answerRecord = (answer: Answer): RecordInput => ({
  key: null,
  value: JSON.stringify(answer),
  headers: headersOf('answer', `${answer.request}/${answer.partition}`, 'application/json'),
})

/** @throws HEDDLE_SCHEDULE_INVALID for what somebody else wrote there. */
export function readRequest(record: LogRecord): Request {
  const { value } = record
  // Without a look at the headers: of these there are many.
  if (value !== null && isEntry(value)) return { verb: 'set', entry: decodeEntry(value) }
  const found = record.headers.find(([name]) => name === 'ce_type')
  const type = found ? asBuffer(found[1]).toString('latin1') : ''
  if (!type.startsWith(prefix) || type === `${prefix}set` || value === null)
    throw new HeddleError('HEDDLE_SCHEDULE_INVALID', `an event of type '${type}' is no request`)
  return { verb: type.slice(prefix.length), ...(readJson(value) as object) } as Request
}

/** `undefined` for what is no answer. */
export function readAnswer({ value }: LogRecord): Answer | undefined {
  if (value === null) return undefined
  try {
    return readJson(value) as Answer
  } catch {
    return undefined
  }
}

function readJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(asBuffer(value).toString())
  } catch (error) {
    throw new HeddleError('HEDDLE_SCHEDULE_INVALID', `a request is not JSON (${errorMessage(error)})`, {
      cause: error,
    })
  }
}

const headersOf = (verb: string, id: string, type: string): [string, string][] => [
  ['ce_specversion', '1.0'],
  ['ce_id', id],
  ['ce_source', '/schedules'],
  ['ce_type', prefix + verb],
  ['content-type', type],
]
