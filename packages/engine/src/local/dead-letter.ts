/**
 * Dead letters of topologies, in the format of `core/event/dead-letter.ts`.
 *
 * What has no event behind it (a tuple of a user's spout, or of a tick) becomes one, with the element as data. A record that
 * cannot be read as an event keeps its bytes.
 *
 * @module
 */
import { type Event, type RecordInput, deadLetterRecord, recordAsEvent, toRecord } from '@heddle/core'
import type { GaveUp } from './network.ts'

/** Room that the extensions of a dead letter may take, in bytes. */
export const deadLetterExtra = 32 * 1024

/** The record of a dead letter. @param maxBytes Largest record that the topic takes. */
export function deadLetter(topology: string, gaveUp: GaveUp, maxBytes: number): RecordInput {
  const { component, root, error, attempts, firstFailedAt, lastFailedAt } = gaveUp
  const by = { dltopology: topology, dlcomponent: component }
  const failure = { by, error, attempts, firstFailedAt, lastFailedAt, place: root.input }
  return deadLetterRecord(baseRecord(topology, gaveUp), failure, maxBytes)
}

function baseRecord(topology: string, { root, component, value }: GaveUp): RecordInput {
  const place = root.letter
  if (place) {
    const record = recordAsEvent(place.record, place, place.event)
    return place.event ? withTrace(record, place.event, root.traceparent) : record
  }
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

const withTrace = (record: RecordInput, event: Event, traceparent: string): RecordInput =>
  event.traceparent === undefined
    ? { ...record, headers: [...(record.headers ?? []), ['ce_traceparent', traceparent]] }
    : record
