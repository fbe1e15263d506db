/**
 * What a STOMP server is made with.
 *
 * @module
 */
import type { Clock, Delivery, Guard, Log, Principal, Schedules } from '@heddle/core'
import type { StompLimits } from './limits.ts'

/** What it asks of a log. */
export type StompLog = Pick<
  Log,
  'append' | 'read' | 'createTopic' | 'describeTopic' | 'listTopics' | 'partitions' | 'transactor'
>

/** What a client says of itself in CONNECT. */
export interface StompCredentials {
  readonly login: string | undefined
  readonly passcode: string | undefined
}

export interface StompOptions {
  /** Where messages are kept. The server does not close it. */
  readonly log: StompLog
  /** Gives out what is in queues and durable subscriptions. The server does not close it. */
  readonly delivery: Delivery
  /** Keeps messages for later. Without it they are refused. */
  readonly schedules?: Schedules
  /** Name of this process: no other that uses the log has it. Transactions over several destinations are written under it. */
  readonly instance: string
  /** Asked on every SEND and SUBSCRIBE. Default: all is allowed. */
  readonly guard?: Guard
  /** Who is asking; called once a connection. A throw refuses it. Default: everybody is `anonymous`. */
  readonly authenticate?: (credentials: StompCredentials) => Principal | Promise<Principal>
  readonly clock?: Clock
  readonly limits?: Partial<StompLimits>
  /**
   * Partitions of the topics that are made for destinations. Default 1: all messages of a queue in their order, as in ActiveMQ,
   * and one process at a time gives them out.
   */
  readonly partitions?: number
  /** What CONNECTED gives as `server`. Default `Heddle`. */
  readonly server?: string
}
