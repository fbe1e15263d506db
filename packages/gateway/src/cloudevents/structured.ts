/**
 * Structured and batched modes: events as JSON, their data kept as the text that was sent.
 *
 * @module
 */
import {
  type Event,
  HeddleError,
  checkEvent,
  errorMessage,
  isJsonType,
  knownAttributes,
  parseStructured,
} from '@heddle/core'
import { type Incoming, incoming } from './incoming.ts'
import { type ObjectRange, scanArray, scanObject } from './json-scan.ts'
import { type TextSlices, textSlices } from './utf8-text.ts'

const dataName = Buffer.from('data')

/**
 * The event of one JSON object.
 * @param traceparent Of the request, for an event that has none of its own.
 * @throws HEDDLE_EVENT_INVALID, HEDDLE_EVENT_DATA_INVALID
 */
export function structuredEvent(bytes: Buffer, traceparent: unknown): Incoming {
  const text = textSlices(bytes)
  if (text === undefined) throw new HeddleError('HEDDLE_EVENT_INVALID', 'the event is not UTF-8')
  const range = scanObject(bytes, dataName) ?? { start: 0, end: bytes.length, valueStart: -1, valueEnd: -1 }
  return structuredAt(text, range, traceparent)
}

/** A batch: its text, and where in it the events stand, each then to be read by `structuredAt`. */
export interface BatchText {
  readonly text: TextSlices
  readonly ranges: readonly ObjectRange[]
}

/** @throws HEDDLE_EVENT_INVALID when the body is not a JSON array. */
export function batchText(body: Buffer): BatchText {
  const text = textSlices(body)
  if (text === undefined) throw new HeddleError('HEDDLE_EVENT_INVALID', 'the batch is not UTF-8')
  const ranges = scanArray(body, dataName)
  if (ranges) return { text, ranges }
  throw new HeddleError(
    'HEDDLE_EVENT_INVALID',
    `a batch is a JSON array of events (${whyNotArray(body.toString())})`,
  )
}

/** @throws HEDDLE_EVENT_INVALID, HEDDLE_EVENT_DATA_INVALID */
export function structuredAt(
  text: TextSlices,
  { end, start, valueEnd, valueStart }: ObjectRange,
  traceparent: unknown,
): Incoming {
  if (valueStart === -1) return incoming(eventOf(parse(text(start, end))), traceparent)
  const data = text(valueStart, valueEnd)
  // Parsed without its data, which is the most of it: something must stand there, so that data_base64 beside it is noticed.
  const event = eventOf(parse(`${text(start, valueStart)}0${text(valueEnd, end)}`))
  if (isJsonType(event.datacontenttype)) return incoming(event, traceparent, data)
  return incoming({ ...event, data: JSON.parse(data) as unknown }, traceparent)
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new HeddleError('HEDDLE_EVENT_INVALID', `the event is not JSON (${errorMessage(error)})`, {
      cause: error,
    })
  }
}

function eventOf(json: unknown): Event {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return parseStructured(json)
  const attributes = json as Record<string, unknown>
  for (const name in attributes) {
    if ((name !== 'data' && !knownAttributes.has(name)) || attributes[name] === null)
      return parseStructured(json)
  }
  // Nothing but attributes of the specification: it is the event as it is.
  checkEvent(attributes)
  return attributes as unknown as Event
}

function whyNotArray(text: string): string {
  try {
    return Array.isArray(JSON.parse(text)) ? 'nested too deeply' : 'it is not an array'
  } catch (error) {
    return errorMessage(error)
  }
}
