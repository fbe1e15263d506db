import { createHash } from 'node:crypto'
import { type Delivered, structuredType, toStructured, toStructuredRecord } from '@heddle/core'

/** `content-type` of each request. */
export const contentType = `${structuredType}; charset=utf-8`

/**
 * Identifies an event to its receiver: the same whenever it is sent, also after a redrive. Ids of events are unique only beside their
 * source, and may have characters that no header takes.
 */
export const webhookId = ({ event: { id, source } }: Delivered): string =>
  `evt_${createHash('sha256').update(`${source}\n${id}`).digest('hex').slice(0, 32)}`

/**
 * The body of its request: the event in the JSON format of CloudEvents, its data as they were written.
 * @throws HEDDLE_EVENT_DATA_INVALID, or a SyntaxError, when its data are not what its content type says.
 */
export function bodyOf({ event, record: { key, value, headers } }: Delivered): string {
  const record = { key, value, headers }
  const structured = toStructuredRecord(record)
  // A record without data, and one that another program wrote, stay as they were.
  return structured === record ? JSON.stringify(toStructured(event)) : (structured.value as string)
}
