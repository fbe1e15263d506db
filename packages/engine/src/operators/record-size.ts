import { type Bytes, HeddleError, type RecordInput, utf8 } from '@heddle/core'

/** Most bytes that UTF-8 takes for one UTF-16 code unit. */
const most = 3

/**
 * Finds a record that is too large before it spoils the transaction with all the others.
 *
 * @throws HEDDLE_LOG_RECORD_TOO_LARGE
 */
export function checkSize(record: RecordInput, topic: string, maxBytes: number): void {
  const { key, value, headers } = record
  if (bound(key) + bound(value) + (headers ? headersBound(headers) : 0) <= maxBytes) return
  let bytes = exact(key) + exact(value)
  for (const [name, header] of headers ?? []) bytes += exact(name) + exact(header)
  if (bytes <= maxBytes) return
  throw new HeddleError(
    'HEDDLE_LOG_RECORD_TOO_LARGE',
    `${bytes} bytes for '${topic}', which takes ${maxBytes}`,
    { info: { topic, bytes, maxBytes } },
  )
}

type Part = Bytes | string | null | undefined

const bound = (part: Part): number => (part == null ? 0 : part.length * (typeof part === 'string' ? most : 1))
const exact = (part: Part): number =>
  part == null ? 0 : typeof part === 'string' ? utf8(part).length : part.length

function headersBound(headers: NonNullable<RecordInput['headers']>): number {
  let sum = 0
  for (const [name, value] of headers) sum += name.length * most + bound(value)
  return sum
}
