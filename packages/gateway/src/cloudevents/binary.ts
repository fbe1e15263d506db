/**
 * Binary mode: attributes in `ce-` headers, `datacontenttype` as Content-Type, the body as data.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { type Event, HeddleError, errorMessage, checkEvent, isJsonType, knownAttributes } from '@heddle/core'
import { decodeHeaderValue } from './header-value.ts'
import { isJson } from './json-scan.ts'

/**
 * The event of a request in binary mode. Its data are the bytes of the body, never parsed into values; those of a JSON
 * type are checked to be JSON.
 * @throws HEDDLE_EVENT_INVALID, HEDDLE_EVENT_DATA_INVALID
 */
export function binaryEvent(headers: IncomingHttpHeaders, body: Buffer | undefined): Event {
  const attributes: Record<string, unknown> = {}
  let extensions: Record<string, string> | undefined
  for (const name in headers) {
    if (name.charCodeAt(0) !== 0x63 || !name.startsWith('ce-')) continue
    const attribute = name.slice(3)
    const value = decodeHeaderValue(String(headers[name]), attribute)
    if (attribute === 'datacontenttype') continue // § 3.1.1: Content-Type carries it
    if (knownAttributes.has(attribute)) attributes[attribute] = value
    else (extensions ??= {})[attribute] = value
  }
  if (extensions) attributes['extensions'] = extensions
  const contentType = headers['content-type']
  if (contentType !== undefined) attributes['datacontenttype'] = contentType
  checkEvent(attributes)
  const data = body === undefined || body.length === 0 ? undefined : body
  if (data && isJsonType(contentType)) checkJson(data)
  attributes['data'] = data
  return attributes as unknown as Event
}

/** @throws HEDDLE_EVENT_DATA_INVALID when the bytes are not JSON. */
export function checkJson(data: Buffer): void {
  if (!isUtf8(data)) throw new HeddleError('HEDDLE_EVENT_DATA_INVALID', 'data is not UTF-8')
  if (!isJson(data))
    throw new HeddleError('HEDDLE_EVENT_DATA_INVALID', `data is not JSON (${whyNotJson(data)})`)
}

/** What JSON.parse says of it. */
function whyNotJson(data: Buffer): string {
  try {
    JSON.parse(data.toString())
    return 'nested too deeply'
  } catch (error) {
    return errorMessage(error)
  }
}
