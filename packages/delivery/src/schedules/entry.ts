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
 * It is the value of the record by which a schedule is accepted, and the value in the store, where its key is
 * `t/<at>/<place>/<id>`: at and place in decimal, 15 and 16 digits, so that keys are in the order in which they are due, and those
 * that are due at once in the order in which they were accepted. `i/<id>` has that key as its value.
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
  const text = Buffer.from(JSON.stringify(facts))
  const head = Buffer.allocUnsafe(headBytes)
  head.writeUInt8(version)
  head.writeDoubleBE(at, 1)
  head.writeUInt32BE(text.length, 9)
  return Buffer.concat([head, text, key ?? empty, value ?? empty])
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
  const headers = (record.headers ?? []).map(([name, content]) => [name, textOf(content)] as const)
  return { at, key, value, facts: { ...facts, key: key?.length ?? -1, value: value?.length ?? -1, headers } }
}

export const timeKey = (at: number, place: number, id: string): string =>
  `t/${String(at).padStart(15, '0')}/${String(place).padStart(16, '0')}/${id}`

/** Where all that is due at `at` or before ends. */
export const timeKeysUntil = (at: number): { readonly gte: string; readonly lt: string } => ({
  gte: 't/',
  lt: `t/${String(Math.max(0, at) + 1).padStart(15, '0')}`,
})

export const idKey = (id: string): string => `i/${id}`

/** When the key of an entry says that it is due, and its place. */
export const readTimeKey = (key: string): { readonly at: number; readonly place: number } => ({
  at: Number(key.slice(2, 17)),
  place: Number(key.slice(18, 34)),
})

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

const empty = Buffer.alloc(0)

export const asBuffer = (bytes: Bytes): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const bytesOf = (content: Bytes | string | null | undefined): Buffer | null =>
  content == null ? null : typeof content === 'string' ? Buffer.from(content) : asBuffer(content)

const textOf = (content: Bytes | string): string =>
  typeof content === 'string' ? content : asBuffer(content).toString()
