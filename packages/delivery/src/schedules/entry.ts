/**
 * A schedule as it is kept:
 *
 * ```
 * entry = version      1 byte, 1
 *         at           8 bytes, float64 big-endian: when it is due, in ms since 1970
 *         sizes        4 bytes each, big-endian: of the facts, and of the headers
 *         facts        JSON: see `Facts`
 *         headers      JSON: [[name, text]] of the record
 *         key, value   of the record, as long as the facts say
 * ```
 * It is the value of the record by which a schedule is accepted, and the value in the store. See `timetable.ts` for its keys.
 *
 * @module
 */
import {
  type Bytes,
  HeddleError,
  type LogRecord,
  type RecordInput,
  type Schedule,
  type ScheduleTiming,
} from '@heddle/core'

/** What an entry says of itself. */
export interface Facts {
  readonly id: string
  readonly topic: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Among those that are due at once, the lower ones are sent first. */
  readonly place: number
  readonly timing: ScheduleTiming
  /** How often it was sent, or how many runs it began. */
  readonly sent: number
  readonly expiresAfterMs?: number
  /** Lengths of the record's key and value; -1 for null. */
  readonly key: number
  readonly value: number
}

export type Headers = readonly (readonly [name: string, text: string])[]

export interface Entry {
  readonly at: number
  readonly facts: Facts
  /** Decoded when they are asked for: to take a schedule in they are not. */
  readonly headers: Headers
  readonly key: Bytes | null
  readonly value: Bytes | null
}

const version = 1
const headBytes = 17

export function encodeEntry({ at, facts, headers, key, value }: Entry): Buffer {
  const [factsText, headersText] = [JSON.stringify(facts), JSON.stringify(headers)]
  const [factsBytes, headersBytes] = [Buffer.byteLength(factsText), Buffer.byteLength(headersText)]
  let end = headBytes + factsBytes + headersBytes
  // In one piece, since it is done for each that is accepted.
  const entry = Buffer.allocUnsafe(end + (key?.length ?? 0) + (value?.length ?? 0))
  entry[0] = version
  entry.writeDoubleBE(at, 1)
  entry.writeUInt32BE(factsBytes, 9)
  entry.writeUInt32BE(headersBytes, 13)
  entry.write(factsText, headBytes)
  entry.write(headersText, headBytes + factsBytes)
  for (const part of [key, value]) {
    if (!part) continue
    entry.set(part, end)
    end += part.length
  }
  return entry
}

/** Whether bytes can be an entry: nothing else that is written to the topic of schedules begins so. */
export const isEntry = (bytes: Bytes): boolean => bytes[0] === version

/** @throws HEDDLE_SCHEDULE_INVALID for what is no entry. */
export function decodeEntry(bytes: Bytes): Entry {
  const buffer = asBuffer(bytes)
  try {
    if (buffer.readUInt8() !== version) throw new Error(`version ${buffer.readUInt8()}`)
    const at = buffer.readDoubleBE(1)
    const headersAt = headBytes + buffer.readUInt32BE(9)
    const facts = JSON.parse(buffer.toString('utf8', headBytes, headersAt)) as Facts
    const keyAt = headersAt + buffer.readUInt32BE(13)
    let end = keyAt
    const take = (length: number): Bytes | null =>
      length === -1 ? null : buffer.subarray(end, (end += length))
    return {
      at,
      facts,
      key: take(facts.key),
      value: take(facts.value),
      get headers() {
        return readHeaders(buffer.toString('utf8', headersAt, keyAt))
      },
    }
  } catch (error) {
    throw new HeddleError('HEDDLE_SCHEDULE_INVALID', 'its bytes are damaged, or of a later version', {
      cause: error,
    })
  }
}

/** Never throws: an entry that was taken in is sent, with what can be read of it. */
function readHeaders(text: string): Headers {
  try {
    return JSON.parse(text) as Headers
  } catch {
    return []
  }
}

/** The entry of a record that is to be sent. */
export function entryOf(record: RecordInput, at: number, facts: Omit<Facts, 'key' | 'value'>): Entry {
  const [key, value] = [bytesOf(record.key), bytesOf(record.value)]
  const { headers: given = [] } = record
  const headers = given.every(isText)
    ? given
    : given.map(([name, content]) => [name, textOf(content)] as const)
  return { at, headers, key, value, facts: { ...facts, key: key?.length ?? -1, value: value?.length ?? -1 } }
}

/** What is told of an entry. */
export function scheduleOf({ at, facts, headers, value }: Entry): Schedule {
  const { createdAt, id, sent, timing, topic } = facts
  const attribute = (name: string): string => headers.find(([one]) => one === name)?.[1] ?? ''
  return {
    id,
    topic,
    at,
    createdAt,
    timing,
    sent,
    event: { id: attribute('ce_id'), source: attribute('ce_source'), type: attribute('ce_type') },
    bytes: value?.length ?? 0,
  }
}

/** The record, as it was to be sent. */
export const recordIn = ({ headers, key, value }: Entry): Pick<LogRecord, 'key' | 'value' | 'headers'> => ({
  key,
  value,
  headers: headers.map(([name, text]) => [name, Buffer.from(text)] as const),
})

const isText = (header: readonly [string, Bytes | string]): header is Headers[number] =>
  typeof header[1] === 'string'

export const asBuffer = (bytes: Bytes): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const bytesOf = (content: Bytes | string | null | undefined): Buffer | null =>
  content == null ? null : typeof content === 'string' ? Buffer.from(content) : asBuffer(content)

const textOf = (content: Bytes | string): string =>
  typeof content === 'string' ? content : asBuffer(content).toString()
