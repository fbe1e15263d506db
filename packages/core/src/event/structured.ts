/**
 * Events as JSON: the structured mode and the batch of the CloudEvents JSON format.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 *
 * @module
 */
import { HeddleError } from '../errors.ts'
import { fromBase64, toBase64 } from './base64.ts'
import {
  type Event,
  type EventAttributes,
  type ExtensionValue,
  checkEvent,
  isJsonType,
  knownAttributes,
} from './event.ts'

/** Media types of the JSON format. */
export const structuredType = 'application/cloudevents+json'
export const batchType = 'application/cloudevents-batch+json'

/**
 * The event that a parsed JSON object describes.
 * @throws HEDDLE_EVENT_INVALID naming the attribute that is wrong.
 */
export function parseStructured(json: unknown): Event {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new HeddleError('HEDDLE_EVENT_INVALID', 'an event is a JSON object', { info: { attribute: '' } })
  }
  const attributes: Record<string, unknown> = {}
  let extensions: Record<string, ExtensionValue> | undefined
  let data: unknown
  for (const [name, value] of Object.entries(json)) {
    if (name === 'data') data = value
    else if (name === 'data_base64') data = binaryData(value, json)
    else if (value === null) continue // § 2.1: null is the same as absent
    else if (knownAttributes.has(name)) attributes[name] = value
    else (extensions ??= {})[name] = value as ExtensionValue
  }
  if (extensions) attributes['extensions'] = extensions
  checkEvent(attributes)
  return { ...(attributes as unknown as EventAttributes), data }
}

function binaryData(value: unknown, json: object): Uint8Array {
  const data = typeof value === 'string' ? fromBase64(value) : undefined
  if (data && !('data' in json)) return data
  throw new HeddleError(
    'HEDDLE_EVENT_INVALID',
    data ? 'data_base64 must not stand beside data' : 'data_base64 must be base64',
    {
      info: { attribute: 'data_base64' },
    },
  )
}

/** The event as the object that the JSON format describes: extensions beside the attributes, bytes as `data_base64`. */
export function toStructured(event: Event): Record<string, unknown> {
  const { extensions, ...rest } = event
  const { data, ...json } = rest as typeof rest & Record<string, unknown>
  const structured: Record<string, unknown> = json
  for (const name in extensions) {
    const value = extensions[name]!
    structured[name] = value instanceof Uint8Array ? toBase64(value) : value
  }
  if (data instanceof Uint8Array) {
    // Bytes of a JSON type are its text; anything else cannot stand in JSON.
    if (isJsonType(event.datacontenttype)) structured['data'] = JSON.parse(new TextDecoder().decode(data))
    else structured['data_base64'] = toBase64(data)
  } else if (data !== undefined) structured['data'] = data
  return structured
}
