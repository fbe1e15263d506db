/**
 * Events as log records: the binary mode of the CloudEvents Kafka protocol binding, on every log.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 *
 * ```
 * key      = partitionkey
 * headers  = ce_specversion, ce_id, ce_source, ce_type, [ce_<attribute>]*, [content-type = datacontenttype]
 * value    = data; null without data
 * ```
 *
 * @module
 */
import { HeddleError, errorMessage } from '../errors.ts'
import type { Bytes, LogRecord, RecordInput } from '../ports/log.ts'
import { toBase64 } from './base64.ts'
import { type Event, type EventAttributes, type ExtensionValue, isJsonType, isTextType } from './event.ts'
import { parseStructured, structuredType, toStructured } from './structured.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8')
const strictDecoder = new TextDecoder('utf-8', { fatal: true })

/** Where a record was read; an event that has no identity of its own gets one from it. */
export interface RecordPlace {
  readonly topic: string
  readonly partition: number
}

type Attributes = { -readonly [Name in keyof EventAttributes]?: EventAttributes[Name] }

/**
 * The record of an event. One that came from a log keeps its key and headers, and its value while nobody took the data.
 * @throws HEDDLE_EVENT_DATA_INVALID when data does not fit `datacontenttype`.
 */
export function toRecord(event: Event): RecordInput {
  if (event instanceof LogEvent) return event.kept()
  const headers: [string, string][] = [
    ['ce_specversion', '1.0'],
    ['ce_id', event.id],
    ['ce_source', event.source],
    ['ce_type', event.type],
  ]
  if (event.time !== undefined) headers.push(['ce_time', event.time])
  if (event.subject !== undefined) headers.push(['ce_subject', event.subject])
  if (event.dataschema !== undefined) headers.push(['ce_dataschema', event.dataschema])
  if (event.partitionkey !== undefined) headers.push(['ce_partitionkey', event.partitionkey])
  if (event.traceparent !== undefined) headers.push(['ce_traceparent', event.traceparent])
  if (event.tracestate !== undefined) headers.push(['ce_tracestate', event.tracestate])
  for (const name in event.extensions) headers.push([`ce_${name}`, extensionText(event.extensions[name]!)])
  if (event.datacontenttype !== undefined) headers.push(['content-type', event.datacontenttype])
  return { key: event.partitionkey ?? null, value: encodeData(event.data, event.datacontenttype), headers }
}

const extensionText = (value: ExtensionValue): string =>
  value instanceof Uint8Array ? toBase64(value) : String(value)

/**
 * Data as bytes or text: bytes as they are, JSON for a JSON type, a string for any other; `null` for none.
 * @throws HEDDLE_EVENT_DATA_INVALID
 */
export function encodeData(data: unknown, datacontenttype: string | undefined): Bytes | string | null {
  if (data === undefined) return null
  if (data instanceof Uint8Array) return data
  if (!isJsonType(datacontenttype)) {
    if (typeof data === 'string') return data
    throw new HeddleError(
      'HEDDLE_EVENT_DATA_INVALID',
      `${datacontenttype} takes a string or bytes, and data is ${typeof data}`,
    )
  }
  let json: string | undefined
  try {
    json = JSON.stringify(data)
  } catch (error) {
    throw new HeddleError(
      'HEDDLE_EVENT_DATA_INVALID',
      `data cannot be written as JSON (${errorMessage(error)})`,
      { cause: error },
    )
  }
  if (json === undefined)
    throw new HeddleError(
      'HEDDLE_EVENT_DATA_INVALID',
      `data cannot be written as JSON (it is a ${typeof data})`,
    )
  return json
}

/**
 * Bytes as data of that type.
 * @throws HEDDLE_EVENT_DATA_INVALID
 */
export function decodeData(value: Bytes | null, datacontenttype: string | undefined): unknown {
  if (value === null) return undefined
  const json = isJsonType(datacontenttype)
  if (!json && !isTextType(datacontenttype)) return value
  try {
    const text = strictDecoder.decode(value)
    return json ? JSON.parse(text) : text
  } catch (error) {
    throw new HeddleError(
      'HEDDLE_EVENT_DATA_INVALID',
      `data is not ${datacontenttype ?? 'JSON'} (${errorMessage(error)})`,
      { cause: error },
    )
  }
}

/**
 * The event of a record, in the binary or the structured mode. Data is decoded when it is first asked for, and that may throw
 * HEDDLE_EVENT_DATA_INVALID. Any other record, written by some other program, becomes an event of type `heddle.record` whose
 * identity is its place; so does one that says that it is structured and is not.
 */
export function fromRecord(record: LogRecord, place: RecordPlace): Event {
  return new LogEvent(record, place, structuredIn(record))
}

/**
 * CloudEvents identity of a record, `source` and `id`: what deduplication compares. `undefined` for a foreign record.
 * @param content The value, where the record may be one of the structured mode.
 */
export function recordIdentity(
  headers: readonly (readonly [string, Bytes | string])[],
  content?: Bytes | string | null,
): string | undefined {
  let id: Bytes | string | undefined
  let source: Bytes | string | undefined
  for (const [name, value] of headers) {
    if (name === 'ce_id') id = value
    else if (name === 'ce_source') source = value
  }
  if (id !== undefined && source !== undefined) return `${textOf(source)}\n${textOf(id)}`
  const structured = content === undefined ? undefined : structuredIn({ headers, value: content })
  return structured && `${structured.source}\n${structured.id}`
}

/** The event that is the value, where that is so. */
function structuredIn(record: {
  readonly headers: readonly (readonly [string, Bytes | string])[]
  readonly value: Bytes | string | null
}): Event | undefined {
  for (const [name, type] of record.headers) {
    if (name !== 'content-type') continue
    // Most types are shorter, and this is asked of every record.
    if (type.length < structuredType.length || !textOf(type).startsWith(structuredType)) return undefined
    const { value } = record
    if (value === null) return undefined
    try {
      return parseStructured(JSON.parse(typeof value === 'string' ? value : strictDecoder.decode(value)))
    } catch {
      return undefined
    }
  }
  return undefined
}

const textOf = (content: Bytes | string): string =>
  typeof content === 'string' ? content : decoder.decode(content)

/**
 * Data without counting as taken: the caller promises not to change it. What expressions read.
 * @throws HEDDLE_EVENT_DATA_INVALID
 */
export const peekData = (event: Event): unknown => (event instanceof LogEvent ? event.peek() : event.data)

class LogEvent implements Event {
  readonly specversion = '1.0'
  declare readonly id: string
  declare readonly source: string
  declare readonly type: string
  declare readonly datacontenttype?: string
  declare readonly data: unknown
  readonly #record: LogRecord
  readonly #structured: boolean
  #data: unknown
  #decoded = false
  #taken = false

  // An own property, so that `{ ...event, type: 'x' }` has the data too.
  static readonly #dataProperty: PropertyDescriptor & ThisType<LogEvent> = {
    enumerable: true,
    get() {
      this.#taken = true
      return this.peek()
    },
  }

  /** @param structured The event that is its value. */
  constructor(record: LogRecord, place: RecordPlace, structured: Event | undefined) {
    this.#record = record
    this.#structured = structured !== undefined
    if (structured === undefined) {
      readAttributes(this, record)
      if (this.id === undefined) identify(this, record, place)
    } else {
      const { data, ...attributes } = structured
      Object.assign(this, record.key && { partitionkey: decoder.decode(record.key) }, attributes)
      this.#data = data
      this.#decoded = true
    }
    Object.defineProperty(this, 'data', LogEvent.#dataProperty)
  }

  peek(): unknown {
    if (!this.#decoded) {
      this.#data = decodeData(this.#record.value, this.datacontenttype)
      this.#decoded = true
    }
    return this.#data
  }

  /** The record that it came from; the value is written anew when somebody had the data in hand and could have changed it. */
  kept(): RecordInput {
    const { key, value, headers } = this.#record
    if (!this.#taken || typeof this.#data !== 'object') return { key, value, headers }
    if (this.#structured) return { key, value: JSON.stringify(toStructured(this)), headers }
    return { key, value: encodeData(this.#data, this.datacontenttype), headers }
  }
}

/** Once an event, for every event: spelt out, since a computed property name costs more than the rest together. */
function readAttributes(attributes: Attributes, { headers }: LogRecord): void {
  for (const [name, bytes] of headers) {
    switch (name) {
      case 'ce_id':
        attributes.id = decoder.decode(bytes)
        break
      case 'ce_source':
        attributes.source = repeated(bytes)
        break
      case 'ce_type':
        attributes.type = repeated(bytes)
        break
      case 'ce_time':
        attributes.time = decoder.decode(bytes)
        break
      case 'ce_subject':
        attributes.subject = decoder.decode(bytes)
        break
      case 'ce_dataschema':
        attributes.dataschema = repeated(bytes)
        break
      case 'ce_partitionkey':
        attributes.partitionkey = decoder.decode(bytes)
        break
      case 'ce_traceparent':
        attributes.traceparent = decoder.decode(bytes)
        break
      case 'ce_tracestate':
        attributes.tracestate = decoder.decode(bytes)
        break
      case 'content-type':
        attributes.datacontenttype = repeated(bytes)
        break
      case 'ce_specversion':
        break
      default:
        if (!name.startsWith('ce_')) break
        attributes.extensions = { ...attributes.extensions, [name.slice(3)]: decoder.decode(bytes) }
    }
  }
}

/** Texts of attributes that most events share, by a hash of their bytes: comparing is faster than decoding. */
const texts: { bytes: Bytes; text: string }[] = []

function repeated(bytes: Bytes): string {
  let hash = bytes.length
  for (let at = 0; at < bytes.length; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
  const slot = hash & 1023
  const known = texts[slot]
  if (known && sameBytes(known.bytes, bytes)) return known.text
  const text = decoder.decode(bytes)
  texts[slot] = { bytes: bytes.slice(), text }
  return text
}

function sameBytes(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

/** A foreign record gets the identity of its place. */
function identify(attributes: Attributes, record: LogRecord, { topic, partition }: RecordPlace): void {
  attributes.id = `${partition}-${record.offset}`
  attributes.source ??= `/topics/${topic}`
  attributes.type ??= 'heddle.record'
  attributes.time ??= new Date(record.timestamp).toISOString()
  attributes.datacontenttype ??= 'application/octet-stream'
  if (record.key) attributes.partitionkey ??= decoder.decode(record.key)
}

/** UTF-8 bytes of a text. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text)
