/**
 * Dead letters: events that failed for good, as they came, with what happened beside them. One format for topologies and
 * subscriptions:
 *
 * ```
 * the event's own attributes and data, and the extensions
 *   dlerror      message of the error, cut to 1000 characters      dlcode   its code, if it has one
 *   dlstack      its stack, cut to 4000 characters                 dlattempts   how often it was tried
 *   dltopic dlpartition dloffset   where the event was read        dlfirst dllast   times of its first and last failure
 *   dlcut        'data' when the data did not fit: they are still at that place in the input topic
 *   dltopology dlcomponent         where it failed, in a topology
 *   dlsubscription                 whose consumers failed
 * ```
 *
 * @module
 */
import { errorMessage, isHeddleError } from '../errors.ts'
import type { Bytes, LogRecord, Position, RecordInput } from '../ports/log.ts'
import type { Event } from './event.ts'
import { type RecordPlace, toRecord, utf8 } from './record.ts'

const maxMessage = 1000
const maxStack = 4000

/** What happened to an event that failed for good. Times are in milliseconds since 1970. */
export interface FinalFailure {
  /** Where it failed: `dltopology` and `dlcomponent`, or `dlsubscription`. */
  readonly by: Readonly<Record<`dl${string}`, string>>
  readonly error: unknown
  readonly attempts: number
  readonly firstFailedAt: number
  readonly lastFailedAt: number
  /** Where the event was read, if it was. */
  readonly place?: Position | undefined
}

type Headers = (readonly [name: string, value: Bytes | string])[]

/**
 * The record of a dead letter.
 * @param base The event, as a record.
 * @param maxBytes Largest record that the topic takes: what does not fit goes without data, stack and message.
 */
export function deadLetterRecord(base: RecordInput, failure: FinalFailure, maxBytes: number): RecordInput {
  const headers: Headers = [
    ...(base.headers ?? []).filter(([name]) => !name.startsWith('ce_dl')),
    ...headersOf(failure),
  ]
  const record = { ...base, headers }
  if (sizeOf(record) <= maxBytes) return record
  return { ...record, value: null, headers: [...headers.filter(isShort), ['ce_dlcut', 'data']] }
}

/**
 * A record as it came, as one that is an event: whoever had its data in hand since, and also when they cannot be decoded. What
 * some other program wrote gets the identity of its place.
 * @param event What the record was read as, if it could be.
 */
export function recordAsEvent(record: LogRecord, place: RecordPlace, event: Event | undefined): RecordInput {
  const { key, value, headers } = record
  if (event && headers.some(([name]) => name === 'ce_specversion')) return { key, value, headers }
  try {
    if (event) return toRecord({ ...event })
  } catch {
    // Its data are not what it says; the bytes are kept.
  }
  return {
    key,
    value,
    headers: [
      ['ce_specversion', '1.0'],
      ['ce_id', `${place.partition}-${record.offset}`],
      ['ce_source', `/topics/${place.topic}`],
      ['ce_type', 'heddle.record'],
      ['ce_time', new Date(record.timestamp).toISOString()],
      ['content-type', 'application/octet-stream'],
    ],
  }
}

const isShort = ([name]: readonly [string, unknown]): boolean =>
  name !== 'ce_dlstack' && name !== 'ce_dlerror'

function headersOf({ by, error, attempts, firstFailedAt, lastFailedAt, place }: FinalFailure): Headers {
  const headers: Headers = [['ce_dlerror', cut(errorMessage(error), maxMessage)]]
  for (const [name, value] of Object.entries(by)) headers.push([`ce_${name}`, value])
  headers.push(
    ['ce_dlattempts', String(attempts)],
    ['ce_dlfirst', new Date(firstFailedAt).toISOString()],
    ['ce_dllast', new Date(lastFailedAt).toISOString()],
  )
  if (isHeddleError(error)) headers.push(['ce_dlcode', error.code])
  if (error instanceof Error && error.stack !== undefined)
    headers.push(['ce_dlstack', cut(error.stack, maxStack)])
  if (place) {
    headers.push(['ce_dltopic', place.topic], ['ce_dlpartition', String(place.partition)])
    headers.push(['ce_dloffset', String(place.offset)])
  }
  return headers
}

/** At most that many characters, and nothing that is not valid Unicode. */
const cut = (text: string, length: number): string => (text.slice(0, length) || 'no message').toWellFormed()

function sizeOf({ key, value, headers }: RecordInput): number {
  let bytes = bytesOf(key) + bytesOf(value)
  for (const [name, header] of headers ?? []) bytes += bytesOf(name) + bytesOf(header)
  return bytes
}

const bytesOf = (part: Bytes | string | null | undefined): number =>
  part == null ? 0 : typeof part === 'string' ? utf8(part).length : part.length
