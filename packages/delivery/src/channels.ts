/**
 * What subscriptions publish on `node:diagnostics_channel`. The host turns it into metrics and logs.
 *
 * @module
 */
import { channel } from 'node:diagnostics_channel'

/** Message of `heddle:delivery:settled`: events of a subscription left it, or came back to it. */
export interface Settled {
  readonly subscription: string
  /**
   * `acked`; `retried` after a nack or a lease that ran out; `released` as no attempt; `dead` letters that are durable; `expired`
   * and dropped; `filtered` by the subscription's filter; `lost` to retention before they were given out.
   */
  readonly outcome: 'acked' | 'retried' | 'released' | 'dead' | 'expired' | 'filtered' | 'lost'
  readonly events: number
}

/** Message of `heddle:delivery:leased`: events were given out. */
export interface Leased {
  readonly subscription: string
  readonly events: number
  /** How many of them were given out before. */
  readonly again: number
  /** How long the oldest of them had been in the log, in milliseconds. */
  readonly ageMs: number
}

/** Message of `heddle:delivery:failed`: something other than a consumer failed; it is tried again. */
export interface DeliveryFailed {
  readonly subscription: string
  readonly doing: 'read' | 'commit' | 'join' | 'refresh'
  readonly error: unknown
}

export const settledChannel = channel('heddle:delivery:settled')
export const leasedChannel = channel('heddle:delivery:leased')
export const failedChannel = channel('heddle:delivery:failed')
