/**
 * Dead letters: events that failed for good, as they came, with what happened beside them.
 *
 * ```
 * the event's own attributes and data, and the extensions
 *   dlerror      message of the error, cut to 1000 characters      dltopology   where it failed
 *   dlcode       its code, if it has one                           dlcomponent
 *   dlstack      its stack, cut to 4000 characters                 dlattempts   how often it was tried
 *   dltopic dlpartition dloffset   where the event was read        dlfirst dllast   times of its first and last failure
 *   dlcut        'data' when the data did not fit: they are still at that place in the input topic
 * ```
 *
 * What has no event behind it (a tuple of a user's spout, or of a tick) becomes one, with the element as data. A record that
 * cannot be read as an event keeps its bytes.
 *
 * @module
 */
import { type Bytes, type Event, type RecordInput, errorMessage, isHeddleError, toRecord } from '@heddle/core'
import { checkSize } from '../operators/record-size.ts'
import type { GaveUp } from './network.ts'
import type { RootPlace } from './root.ts'

const maxMessage = 1000
const maxStack = 4000

/** Room that the extensions of a dead letter may take, in bytes. */
export const deadLetterExtra = 32 * 1024

type Headers = (readonly [name: string, value: Bytes | string])[]

/** The record of a dead letter. @param maxBytes Largest record that the topic takes. */
export function deadLetter(topology: string, gaveUp: GaveUp, topic: string, maxBytes: number): RecordInput {
  const base = baseRecord(topology, gaveUp)
  const headers: Headers = [
    ...(base.headers ?? []).filter(([name]) => !name.startsWith('ce_dl')),
    ...extensions(topology, gaveUp),
  ]
  const record = { ...base, headers }
  try {
    checkSize(record, topic, maxBytes)
    return record
  } catch {
    return { ...record, value: null, headers: [...headers.filter(isShort), ['ce_dlcut', 'data']] }
  }
}

const isShort = ([name]: readonly [string, unknown]): boolean =>
  name !== 'ce_dlstack' && name !== 'ce_dlerror'

function baseRecord(topology: string, { root, component, value }: GaveUp): RecordInput {
  const place = root.letter
  if (place?.event) return withTrace(eventRecord(place, place.event), place.event, root.traceparent)
  if (place) return unreadable(place)
  const made: Event = {
    specversion: '1.0',
    id: `${root.origin}:${component}`,
    source: `/topologies/${topology}`,
    type: `${topology}.${component}`,
    time: new Date(root.time).toISOString(),
    traceparent: root.traceparent,
    data: value,
  }
  try {
    return toRecord(made)
  } catch {
    return toRecord({ ...made, datacontenttype: 'text/plain', data: String(value) })
  }
}

/** As it came, whoever had its data in hand since; data that cannot be decoded are not even looked at. */
function eventRecord(place: RootPlace, event: Event): RecordInput {
  const { key, value, headers } = place.record
  if (headers.some(([name]) => name === 'ce_specversion')) return { key, value, headers }
  try {
    return toRecord({ ...event })
  } catch {
    return unreadable(place)
  }
}

const withTrace = (record: RecordInput, event: Event, traceparent: string): RecordInput =>
  event.traceparent === undefined
    ? { ...record, headers: [...(record.headers ?? []), ['ce_traceparent', traceparent]] }
    : record

function unreadable({ topic, partition, record }: RootPlace): RecordInput {
  return {
    key: record.key,
    value: record.value,
    headers: [
      ['ce_specversion', '1.0'],
      ['ce_id', `${partition}-${record.offset}`],
      ['ce_source', `/topics/${topic}`],
      ['ce_type', 'heddle.record'],
      ['ce_time', new Date(record.timestamp).toISOString()],
      ['content-type', 'application/octet-stream'],
    ],
  }
}

function extensions(topology: string, gaveUp: GaveUp): Headers {
  const { component, error, attempts, firstFailedAt, lastFailedAt, root } = gaveUp
  const headers: Headers = [
    ['ce_dlerror', cut(errorMessage(error), maxMessage)],
    ['ce_dltopology', topology],
    ['ce_dlcomponent', component],
    ['ce_dlattempts', String(attempts)],
    ['ce_dlfirst', new Date(firstFailedAt).toISOString()],
    ['ce_dllast', new Date(lastFailedAt).toISOString()],
  ]
  if (isHeddleError(error)) headers.push(['ce_dlcode', error.code])
  if (error instanceof Error && error.stack !== undefined)
    headers.push(['ce_dlstack', cut(error.stack, maxStack)])
  if (root.input) {
    const { topic, partition, offset } = root.input
    headers.push(['ce_dltopic', topic], ['ce_dlpartition', String(partition)])
    headers.push(['ce_dloffset', String(offset)])
  }
  return headers
}

/** At most that many characters, and nothing that is not valid Unicode. */
const cut = (text: string, length: number): string => (text.slice(0, length) || 'no message').toWellFormed()
