/**
 * Structured and batched modes: events as JSON, their data kept as the bytes that were sent.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { type Event, HeddleError, isJsonType, parseStructured } from '@heddle/core'
import { whyNotJson } from './binary.ts'
import { type Range, scanArray, scanMember } from './json-scan.ts'

const dataName = Buffer.from('data')
// What stands for data while the rest is parsed.
const placeholder = Buffer.from('0')

/**
 * The event of one JSON object. Data of a JSON type are the bytes of `bytes` that hold it, not a copy.
 * @throws HEDDLE_EVENT_INVALID, HEDDLE_EVENT_DATA_INVALID
 */
export function structuredEvent(bytes: Buffer): Event {
  if (!isUtf8(bytes)) throw new HeddleError('HEDDLE_EVENT_INVALID', 'the event is not UTF-8')
  const scanned = scanMember(bytes, dataName)
  if (!scanned?.member) return parseStructured(parseWhole(bytes))
  const { start, end } = scanned.member
  const head = Buffer.concat([bytes.subarray(0, start), placeholder, bytes.subarray(end)])
  const event = parseStructured(parseWhole(head))
  return { ...event, data: dataOf(event.datacontenttype, bytes.subarray(start, end)) }
}

function parseWhole(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch (error) {
    throw new HeddleError('HEDDLE_EVENT_INVALID', `the event is not JSON (${whyNotJson(bytes)})`, {
      cause: error,
    })
  }
}

const dataOf = (datacontenttype: string | undefined, json: Buffer): unknown =>
  isJsonType(datacontenttype) ? json : JSON.parse(json.toString())

/**
 * The places of a batch's events, each then to be read by `structuredEvent`.
 * @throws HEDDLE_EVENT_INVALID when the body is not a JSON array.
 */
export function batchRanges(body: Buffer): readonly Range[] {
  const ranges = isUtf8(body) ? scanArray(body) : undefined
  if (ranges) return ranges
  throw new HeddleError(
    'HEDDLE_EVENT_INVALID',
    `a batch is a JSON array of events (${isUtf8(body) ? whyNotArray(body) : 'it is not UTF-8'})`,
  )
}

function whyNotArray(body: Buffer): string {
  try {
    return Array.isArray(JSON.parse(body.toString())) ? 'nested too deeply' : 'it is not an array'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
