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
  readonly doing: 'read' | 'commit' | 'join' | 'refresh' | 'push' | 'forward'
  readonly error: unknown
}

/** Message of `heddle:delivery:pushed`: an endpoint answered a request, or did not. */
export interface Pushed {
  readonly subscription: string
  readonly outcome: 'accepted' | 'refused' | 'busy' | 'gone' | 'invalid'
  /** HTTP status; `undefined` without an answer. */
  readonly status: number | undefined
  readonly ms: number
}

/** Message of `heddle:delivery:breaker`: an endpoint is left alone, or takes events again. */
export interface BreakerChanged {
  readonly subscription: string
  readonly state: 'closed' | 'open' | 'half-open'
  /** How long it is left alone, in milliseconds. */
  readonly forMs?: number
  readonly reason?: string
}

/** Message of `heddle:delivery:gone`: an endpoint answered 410, and its subscription is suspended. */
export interface EndpointGone {
  readonly subscription: string
  readonly reason: string
}

export const settledChannel = channel('heddle:delivery:settled')
export const leasedChannel = channel('heddle:delivery:leased')
export const failedChannel = channel('heddle:delivery:failed')
export const pushedChannel = channel('heddle:delivery:pushed')
export const breakerChannel = channel('heddle:delivery:breaker')
export const goneChannel = channel('heddle:delivery:gone')

/** Message of `heddle:delivery:sent`: a schedule was due, and its event sent. */
export interface Sent {
  readonly topic: string
  /** How long after it was due that was durable, in milliseconds. */
  readonly lateMs: number
}

/** Message of `heddle:delivery:schedule-failed`: schedules of a partition could not be kept or sent; it is tried again. */
export interface ScheduleFailed {
  readonly partition: number
  readonly error: unknown
}

export const sentChannel = channel('heddle:delivery:sent')
export const scheduleFailedChannel = channel('heddle:delivery:schedule-failed')
