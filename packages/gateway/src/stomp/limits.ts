/**
 * Bounds of the STOMP door.
 *
 * @module
 */
import { type FrameLimits, defaultFrameLimits } from './frame/frame.ts'

/** Limits of one STOMP server. Sizes in bytes, times in milliseconds. */
export interface StompLimits extends FrameLimits {
  /** Open connections; more are closed at once. 10,000: below the usual limit of open files. */
  readonly maxConnections: number
  /** Time to send CONNECT whole (against slowloris). 10 s, as the headers of HTTP. */
  readonly connectTimeoutMs: number
  /** Subscriptions of one connection. 1,000: each has a reader of its own. */
  readonly maxSubscriptions: number
  /** Messages that one subscription is given and has not acknowledged. 1,000: as ActiveMQ for queues. */
  readonly prefetch: number
  /** Most that a client may ask for as `activemq.prefetchSize`. 10,000: all of them are held. */
  readonly maxPrefetch: number
  /** Bodies of SENDs of one connection that are not durable yet; beyond it the connection is not read on. 8 MiB. */
  readonly maxPendingBytes: number
  /** Open transactions of one connection. 100. */
  readonly maxTransactions: number
  /** Bodies of all open transactions of one connection. 64 MiB: they are held until the commit. */
  readonly maxTransactionBytes: number
  /** How much is read from a topic at a time for one subscription. 64 KiB, as for readers over HTTP. */
  readonly readBytes: number
  /** How often a subscription with wildcards looks for new destinations of other processes. 5 s. */
  readonly refreshMs: number
  /** Shortest interval of heart-beats that is agreed to, in either direction. 100 ms: ten thousand connections can keep it. */
  readonly minHeartBeatMs: number
  /** How long `close` waits for receipts that are under way. 10 s. */
  readonly drainMs: number
}

export const defaultStompLimits: StompLimits = {
  ...defaultFrameLimits,
  maxConnections: 10_000,
  connectTimeoutMs: 10_000,
  maxSubscriptions: 1_000,
  prefetch: 1_000,
  maxPrefetch: 10_000,
  maxPendingBytes: 8 * 1024 ** 2,
  maxTransactions: 100,
  maxTransactionBytes: 64 * 1024 ** 2,
  readBytes: 64 * 1024,
  refreshMs: 5_000,
  minHeartBeatMs: 100,
  drainMs: 10_000,
}
