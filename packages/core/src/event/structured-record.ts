/**
 * Events as log records in the structured mode of the Kafka protocol binding, for readers that know no other.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md § 3.3
 *
 * ```
 * key      = that of the binary mode
 * headers  = content-type: application/cloudevents+json; charset=UTF-8, and what was no attribute
 * value    = the event in the JSON format
 * ```
 *
 * @module
 */
import type { Bytes, RecordInput } from '../ports/log.ts'
import { toBase64 } from './base64.ts'
import { isJsonType, isTextType } from './event.ts'
import { utf8 } from './record.ts'
import { structuredType } from './structured.ts'

const decoder = new TextDecoder('utf-8')
const strictDecoder = new TextDecoder('utf-8', { fatal: true })

/**
 * A record of the binary mode in the structured one. What is no event stays as it is, and so does one without data: its
 * `null` is what compaction deletes by.
 */
export function toStructuredRecord(record: RecordInput): RecordInput {
  const { value, headers = [] } = record
  if (value === null) return record
  const attributes: Record<string, string> = {}
  const others: (readonly [string, Bytes | string])[] = []
  for (const header of headers) {
    const [name, content] = header
    if (name === 'content-type') attributes['datacontenttype'] = textOf(content)
    else if (name.startsWith('ce_')) attributes[name.slice(3)] = textOf(content)
    else others.push(header)
  }
  if (attributes['id'] === undefined) return record
  const json = JSON.stringify(attributes)
  return {
    ...record,
    value: `${json.slice(0, -1)},${dataMember(value, attributes['datacontenttype'])}}`,
    headers: [['content-type', `${structuredType}; charset=UTF-8`], ...others],
  }
}

/** JSON is taken over as it is written, so that no number loses digits. */
function dataMember(value: Bytes | string, contentType: string | undefined): string {
  const text = readable(value)
  if (text !== undefined && isJsonType(contentType) && isJson(text)) return `"data":${text}`
  if (text !== undefined && !isJsonType(contentType) && isTextType(contentType))
    return `"data":${JSON.stringify(text)}`
  return `"data_base64":"${toBase64(typeof value === 'string' ? utf8(value) : value)}"`
}

function readable(value: Bytes | string): string | undefined {
  try {
    return typeof value === 'string' ? value : strictDecoder.decode(value)
  } catch {
    return undefined
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const textOf = (content: Bytes | string): string =>
  typeof content === 'string' ? content : decoder.decode(content)
