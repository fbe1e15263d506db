import type { Event, LogRecord, SubscriptionSettings } from '@heddle/core'

/** What events of a partition share an order with. */
export function keyOf(event: Event, order: SubscriptionSettings['order']): string | undefined {
  if (order === 'none') return undefined
  return order === 'partition' ? '' : event.partitionkey
}

/** As in JMS: 0 to 9, and 4 where nothing else is said. */
export function priorityOf(event: Event): number {
  const said = event.extensions?.['priority']
  const priority = said === undefined ? Number.NaN : Number(said)
  return Number.isInteger(priority) && priority >= 0 && priority <= 9 ? priority : 4
}

/**
 * When the event says that it is worth nothing any more, in milliseconds since 1970: the Expiry Time extension.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/expirytime.md
 * A dead letter does not expire again: that may be what it died of.
 */
export function expiresAt(event: Event): number {
  if (event.extensions?.['dlattempts'] !== undefined) return Number.POSITIVE_INFINITY
  const said = event.extensions?.['expirytime']
  const time = typeof said === 'string' ? Date.parse(said) : Number.NaN
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time
}

/** About how much memory a record takes, in bytes. */
export function sizeOf({ key, value, headers }: LogRecord): number {
  let bytes = 200 + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) bytes += name.length + content.length
  return bytes
}
