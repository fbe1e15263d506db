/**
 * A SEND as a record of the log: a CloudEvent in the binary mode, so that every other door and every topology reads it too.
 *
 * ```
 * key      JMSXGroupID, so that a group stays in order          headers
 * value    the body                                               ce_id            ce-id, or a random one
 *                                                                 ce_source        ce-source, or /stomp
 *                                                                 ce_type          ce-type, or stomp.message
 *                                                                 ce_<other>       ce-<other>
 *                                                                 ce_time          timestamp (ms), or now
 *                                                                 ce_priority      priority
 *                                                                 ce_expirytime    expires (ms)
 *                                                                 content-type     content-type; see below
 *                                                                 stomp_<name>     each header, as it was sent
 * ```
 * Without a content-type, a body with content-length is `application/octet-stream`, and any other `text/plain`, as ActiveMQ makes
 * messages of bytes or of text from them. A body that is not what its type says (no JSON, no UTF-8) is octets as well: other
 * doors would fail on it. What the sender wrote is kept in `stomp_content-type`.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import {
  HeddleError,
  type RecordInput,
  checkEvent,
  isJsonType,
  isTextType,
  knownAttributes,
  toRecord,
} from '@heddle/core'
import { isJson } from '../../cloudevents/json-scan.ts'
import { isTraceparent, newTraceparent } from '../../cloudevents/traceparent.ts'
import type { Frame } from '../frame/frame.ts'

/** What a sender cannot say of its own message, and what is between it and the door. */
const notKept: ReadonlySet<string> = new Set([
  'destination',
  'receipt',
  'transaction',
  'message-id',
  'redelivered',
  'subscription',
  'ack',
  'JMSXUserID',
])

export const stompPrefix = 'stomp_'

/**
 * @param replyTo Takes the place of the `reply-to` header, whose temporary destination has another name for others.
 * @throws HEDDLE_EVENT_INVALID, HEDDLE_STOMP_COMMAND_INVALID
 */
export function recordOf({ body, headers }: Frame, replyTo: string | undefined): RecordInput {
  const attributes: Record<string, unknown> = { specversion: '1.0' }
  const extensions: Record<string, string> = {}
  const kept: [string, string][] = []
  for (const [name, value] of headers) {
    if (notKept.has(name)) continue
    kept.push([stompPrefix + name, name === 'reply-to' && replyTo !== undefined ? replyTo : value])
    if (!name.startsWith('ce-')) continue
    const attribute = name.slice(3)
    if (knownAttributes.has(attribute)) attributes[attribute] = value
    else extensions[attribute] = value
  }

  attributes['id'] ??= randomUUID()
  attributes['source'] ??= '/stomp'
  attributes['type'] ??= 'stomp.message'
  const timestamp = wholeNumber(headers, 'timestamp')
  attributes['time'] ??= timestamp === undefined ? new Date().toISOString() : isoTime(timestamp, 'timestamp')
  const group = headers.get('JMSXGroupID')
  if (group) attributes['partitionkey'] ??= group
  const given = headers.get('traceparent')
  attributes['traceparent'] ??= isTraceparent(given) ? given : newTraceparent()
  const priority = wholeNumber(headers, 'priority')
  if (priority !== undefined) extensions['priority'] = String(Math.min(priority, 9))
  const expires = wholeNumber(headers, 'expires')
  if (expires !== undefined && expires > 0) extensions['expirytime'] = isoTime(expires, 'expires')
  attributes['datacontenttype'] = contentType(headers, body)
  attributes['extensions'] = extensions
  checkEvent(attributes)
  const record = toRecord({ ...attributes, data: body })
  return { ...record, headers: [...record.headers!, ...kept] }
}

function contentType(headers: ReadonlyMap<string, string>, body: Uint8Array): string {
  const bytes = 'application/octet-stream'
  const said = headers.get('content-type')
  const type = said ?? (headers.has('content-length') ? bytes : 'text/plain')
  if (isJsonType(type))
    return isUtf8(body) && isJson(Buffer.from(body.buffer, body.byteOffset, body.length)) ? type : bytes
  if (isTextType(type)) return isUtf8(body) ? type : bytes
  return /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;.*)?$/.test(type) ? type : bytes
}

function wholeNumber(headers: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = headers.get(name)
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new HeddleError(
    'HEDDLE_STOMP_COMMAND_INVALID',
    `${name} is a whole number, and is ${JSON.stringify(text.slice(0, 40))}`,
  )
}

function isoTime(ms: number, name: string): string {
  const date = new Date(ms)
  // RFC 3339 has four digits for the year.
  if (date.getTime() < 253_402_300_800_000) return date.toISOString()
  throw new HeddleError('HEDDLE_STOMP_COMMAND_INVALID', `${name} is after the year 9999`)
}
