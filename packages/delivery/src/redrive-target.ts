/**
 * Whom an event is for that was sent again: the extension `redriveto`, with `subscription/NAME` or `topology/NAME`. Other
 * subscriptions had it the first time, and pass it over.
 *
 * @module
 */
import type { Event } from '@heddle/core'

export const redriveHeader = 'ce_redriveto'

/** The mark of a subscription. */
export const targetOf = (subscription: string): string => `subscription/${subscription}`

/** True when it was sent again for somebody else. */
export function isForAnother(event: Event, subscription: string): boolean {
  const target = event.extensions?.['redriveto']
  return target !== undefined && target !== targetOf(subscription)
}
