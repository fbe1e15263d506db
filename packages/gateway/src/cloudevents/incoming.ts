import { type Event, type RecordInput, toRecord } from '@heddle/core'
import { isTraceparent, newTraceparent } from './traceparent.ts'

/** An event as it goes into the log. */
export interface Incoming {
  readonly id: string
  readonly type: string
  readonly record: RecordInput
}

/**
 * The record of an event that came in, with a trace context: the event's own, else that of the request, else a new one.
 * @param value Data as they are to be stored; without it they are made from `event.data`.
 * @throws HEDDLE_EVENT_DATA_INVALID
 */
export function incoming(event: Event, requestTraceparent: unknown, value?: string | Buffer): Incoming {
  // The record, and its headers, were made here for this event alone: they can be filled in.
  const record = toRecord(event) as { value: RecordInput['value']; headers: [string, string][] }
  if (value !== undefined) record.value = value
  if (event.traceparent === undefined) {
    record.headers.push([
      'ce_traceparent',
      isTraceparent(requestTraceparent) ? requestTraceparent : newTraceparent(),
    ])
  }
  return { id: event.id, type: event.type, record }
}
