import type { Delivered } from '@heddle/core'
import { eventJson } from '../../cloudevents/event-json.ts'

/** An event that was given out, as JSON on one line: its lease, where it was, and itself. */
export function itemJson(delivered: Delivered): string {
  const { lease, leasedUntil, attempt, redelivered, topic, partition, offset, record } = delivered
  const facts = JSON.stringify({ lease, leasedUntil, attempt, redelivered, topic, partition, offset })
  return `${facts.slice(0, -1)},"event":${eventJson(record, { topic, partition })}}`
}
