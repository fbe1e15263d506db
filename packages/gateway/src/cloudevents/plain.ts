/**
 * Plain JSON: no CloudEvents envelope, for a first try by hand. The body is the data; attributes come from the query,
 * and what is missing is made up.
 *
 * @module
 */
import { type Event, type EventInit, HeddleError, event, isEvent } from '@heddle/core'
import { checkJson } from './binary.ts'

const fromQuery = ['id', 'source', 'type', 'subject', 'time', 'dataschema', 'partitionkey'] as const

/** Extension attributes that say when an event is sent: see `schedules/deliver-later.ts`. */
export const deliverLater = [
  'deliverat',
  'deliverafter',
  'deliverevery',
  'delivercron',
  'deliverzone',
  'delivertimes',
  'scheduleid',
] as const

/**
 * The event of a plain JSON body. `type` defaults to `heddle.json`, `source` to `/`, `id` to a random one, so that a repeat
 * is a new event unless it gives `?id=`.
 * @throws HEDDLE_EVENT_INVALID, HEDDLE_EVENT_DATA_INVALID; HEDDLE_HTTP_UNSUPPORTED_MEDIA for what is an event already.
 */
export function plainEvent(query: Readonly<Record<string, unknown>>, body: Buffer | undefined): Event {
  if (body === undefined || body.length === 0)
    throw new HeddleError('HEDDLE_EVENT_DATA_INVALID', 'the body is empty')
  checkJson(body)
  // Only a body that could be an envelope is worth a parse.
  if (body.includes('"specversion"') && looksLikeEvent(JSON.parse(body.toString()))) {
    throw new HeddleError(
      'HEDDLE_HTTP_UNSUPPORTED_MEDIA',
      'the body is a CloudEvent, or several: say so with content-type application/cloudevents+json (or application/cloudevents-batch+json)',
    )
  }
  const init: Record<string, unknown> = {
    type: 'heddle.json',
    datacontenttype: 'application/json',
    data: body,
  }
  for (const name of fromQuery) if (query[name] !== undefined) init[name] = query[name]
  const later = deliverLater.filter((name) => query[name] !== undefined)
  if (later.length > 0) init['extensions'] = Object.fromEntries(later.map((name) => [name, query[name]]))
  return event(init as unknown as EventInit<Buffer>)
}

const looksLikeEvent = (json: unknown): boolean => isEvent(Array.isArray(json) ? json[0] : json)
