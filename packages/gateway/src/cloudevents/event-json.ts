/**
 * Events on their way out: a log record as the text of its structured JSON (CloudEvents JSON format), always on one line.
 *
 * Data of a JSON type are passed on as the bytes that are stored, once they are seen to be JSON. Bytes that claim to be
 * JSON and are not, as some other program may have written, go out as `data_base64`: a reader is never given broken JSON.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import {
  type LogRecord,
  type RecordPlace,
  fromRecord,
  isJsonType,
  isTextType,
  toStructured,
} from '@heddle/core'
import { isJson } from './json-scan.ts'

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The record's event as JSON text without line breaks. Never throws. */
export function eventJson(record: LogRecord, place: RecordPlace): string {
  let text = '{"specversion":"1.0"'
  let required = 0
  let contentType: string | undefined
  for (const [name, bytes] of record.headers) {
    if (name === 'content-type') {
      contentType = asBuffer(bytes).toString()
      text += `,"datacontenttype":${JSON.stringify(contentType)}`
    } else if (name.startsWith('ce_') && name !== 'ce_specversion') {
      if (name === 'ce_id' || name === 'ce_source' || name === 'ce_type') required++
      text += `,"${name.slice(3)}":${JSON.stringify(asBuffer(bytes).toString())}`
    }
  }
  // A record of some other program, or an event stored as a whole: the general way.
  if (required !== 3) return foreignJson(record, place)
  return `${text}${dataMember(record.value, contentType)}}`
}

function foreignJson(record: LogRecord, place: RecordPlace): string {
  try {
    return JSON.stringify(toStructured(fromRecord(record, place)))
  } catch {
    const { headers } = record
    return JSON.stringify(
      toStructured(
        fromRecord({ ...record, headers: headers.filter(([name]) => name !== 'content-type') }, place),
      ),
    )
  }
}

function dataMember(value: Uint8Array | null, contentType: string | undefined): string {
  if (value === null) return ''
  const bytes = asBuffer(value)
  if (isJsonType(contentType)) {
    if (isUtf8(bytes) && isJson(bytes)) return `,"data":${oneLine(bytes.toString())}`
  } else if (isTextType(contentType) && isUtf8(bytes)) return `,"data":${JSON.stringify(bytes.toString())}`
  return `,"data_base64":"${bytes.toString('base64')}"`
}

// Between the tokens of JSON a line break is white space, and inside of strings there is none.
const oneLine = (json: string): string =>
  json.includes('\n') || json.includes('\r') ? json.replace(/[\r\n]+/g, ' ') : json
