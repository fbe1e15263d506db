/**
 * An event as an HTTP request: the CloudEvents HTTP protocol binding, binary and structured mode.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 *
 * ```
 * binary:      ce-<attribute>: <value, percent-encoded>*   content-type: datacontenttype   body: data
 * structured:  content-type: application/cloudevents+json; charset=utf-8                   body: the event as JSON
 * both:        idempotency-key: id   webhook-id: id   [traceparent] [tracestate]
 * ```
 *
 * @module
 */
import { type Event, type ExtensionValue, encodeData, structuredType, toStructured } from '@heddle/core'

export interface HttpMessage {
  readonly headers: Record<string, string>
  readonly body: Buffer
}

/** Headers that carry the attributes of binary mode; all other attributes have none. */
const attributes = [
  'specversion',
  'id',
  'source',
  'type',
  'dataschema',
  'subject',
  'time',
  'partitionkey',
  'traceparent',
  'tracestate',
] as const

/**
 * The request for an event.
 * @throws HEDDLE_EVENT_DATA_INVALID when its data does not fit `datacontenttype`.
 */
export function httpMessage(event: Event, mode: 'binary' | 'structured'): HttpMessage {
  const id = headerValue(event.id)
  const headers: Record<string, string> = { 'idempotency-key': id, 'webhook-id': id }
  if (event.traceparent !== undefined) headers['traceparent'] = headerValue(event.traceparent)
  if (event.tracestate !== undefined) headers['tracestate'] = headerValue(event.tracestate)

  if (mode === 'structured') {
    headers['content-type'] = `${structuredType}; charset=utf-8`
    return { headers, body: Buffer.from(JSON.stringify(toStructured(event))) }
  }
  for (const name of attributes) {
    const value = event[name]
    if (value !== undefined) headers[`ce-${name}`] = headerValue(value)
  }
  for (const name in event.extensions) headers[`ce-${name}`] = headerValue(text(event.extensions[name]!))
  const data = encodeData(event.data, event.datacontenttype)
  if (data !== null) headers['content-type'] = event.datacontenttype ?? 'application/json'
  return { headers, body: Buffer.from(data ?? '') }
}

const text = (value: ExtensionValue): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value)

/** § 3.1.3.2: printable ASCII as it is; space, `"`, `%` and all else as the percent-encoded bytes of its UTF-8. */
export function headerValue(value: string): string {
  if (!/[^!#-$&-~]/.test(value)) return value
  return value
    .toWellFormed()
    .replaceAll(/[^!#-$&-~]/gu, (char) =>
      [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
}
