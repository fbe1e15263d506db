import { HeddleError, type RecordInput, type TopicConfig } from '@heddle/core'

/**
 * Checks what the types cannot, and what a caller in JavaScript may get wrong.
 * @throws HEDDLE_LOG_RECORD_INVALID
 */
export function checkRecord(record: RecordInput, index: number, config: TopicConfig): void {
  const { key, value, timestamp, headers } = record
  if (!isContent(value) && value !== null)
    throw invalid(index, 'has a value that is neither bytes, text nor null')
  if (key === null || key === undefined) {
    if (config.compaction) throw invalid(index, 'has no key, and the topic is compacted by key')
  } else if (!isContent(key)) throw invalid(index, 'has a key that is neither bytes, text nor null')
  if (timestamp !== undefined && !Number.isFinite(timestamp))
    throw invalid(index, `has the timestamp ${String(timestamp)}`)
  if (headers === undefined) return
  for (let i = 0; i < headers.length; i++) {
    const [name, content] = headers[i]!
    if (typeof name !== 'string' || name.length > 16_384)
      throw invalid(index, 'has a header name that is not text of at most 16384 characters')
    if (!isContent(content)) throw invalid(index, `has a header '${name}' that is neither bytes nor text`)
  }
}

function isContent(content: unknown): boolean {
  return typeof content === 'string' || content instanceof Uint8Array
}

function invalid(index: number, what: string): HeddleError {
  return new HeddleError('HEDDLE_LOG_RECORD_INVALID', `record ${index} ${what}`, { info: { index } })
}
