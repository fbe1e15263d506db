/**
 * A schedule as it is kept:
 *
 * ```
 * entry = version      1 byte, 1
 *         at           8 bytes, float64 big-endian: when it is due, in ms since 1970
 *         facts size   4 bytes, big-endian
 *         facts        JSON: see `Facts`
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
  readonly headers: readonly (readonly [string, string])[]
}

export interface Entry {
  readonly at: number
  readonly facts: Facts
  readonly key: Bytes | null
  readonly value: Bytes | null
}

const version = 1
const headBytes = 13

export function encodeEntry({ at, facts, key, value }: Entry): Buffer {
  const text = JSON.stringify(facts)
  const textBytes = Buffer.byteLength(text)
  // Once for each that is accepted: in one piece.
  const entry = Buffer.allocUnsafe(headBytes + textBytes + (key?.length ?? 0) + (value?.length ?? 0))
  entry[0] = version
  entry.writeDoubleBE(at, 1)
  entry.writeUInt32BE(textBytes, 9)
  entry.write(text, headBytes)
  let end = headBytes + textBytes
  for (const part of [key, value]) {
    if (!part) continue
    entry.set(part, end)
    end += part.length
  }
  return entry
}

/** @throws HEDDLE_SCHEDULE_INVALID for what is no entry. */
export function decodeEntry(bytes: Bytes): Entry {
  const buffer = asBuffer(bytes)
  try {
    if (buffer.readUInt8() !== version) throw new Error(`version ${buffer.readUInt8()}`)
    const at = buffer.readDoubleBE(1)
    let end = headBytes + buffer.readUInt32BE(9)
    const facts = JSON.parse(buffer.toString('utf8', headBytes, end)) as Facts
    const take = (length: number): Bytes | null =>
      length === -1 ? null : buffer.subarray(end, (end += length))
    return { at, facts, key: take(facts.key), value: take(facts.value) }
  } catch (error) {
    throw new HeddleError('HEDDLE_SCHEDULE_INVALID', 'its bytes are damaged, or of a later version', {
      cause: error,
    })
  }
}

/** The entry of a record that is to be sent. */
export function entryOf(
  record: RecordInput,
  at: number,
  facts: Omit<Facts, 'key' | 'value' | 'headers'>,
): Entry {
  const [key, value] = [bytesOf(record.key), bytesOf(record.value)]
  const { headers: given = [] } = record
  const headers = given.every(isText)
    ? given
    : given.map(([name, content]) => [name, textOf(content)] as const)
  return { at, key, value, facts: { ...facts, key: key?.length ?? -1, value: value?.length ?? -1, headers } }
}

/** What is told of an entry. */
export function scheduleOf({ at, facts, value }: Entry): Schedule {
  const { createdAt, id, sent, timing, topic } = facts
  const attribute = (name: string): string => facts.headers.find(([one]) => one === name)?.[1] ?? ''
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
export const recordIn = ({ facts, key, value }: Entry): Pick<LogRecord, 'key' | 'value' | 'headers'> => ({
  key,
  value,
  headers: facts.headers.map(([name, text]) => [name, Buffer.from(text)] as const),
})

type Headers = Facts['headers'][number]

const isText = (header: readonly [string, Bytes | string]): header is Headers => typeof header[1] === 'string'

export const asBuffer = (bytes: Bytes): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const bytesOf = (content: Bytes | string | null | undefined): Buffer | null =>
  content == null ? null : typeof content === 'string' ? Buffer.from(content) : asBuffer(content)

const textOf = (content: Bytes | string): string =>
  typeof content === 'string' ? content : asBuffer(content).toString()
