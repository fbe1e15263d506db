/**
 * The Delivery port: durable subscriptions, whose events are leased, acknowledged, tried again, and given up one by one. The
 * gateway's doors ask it; `@heddle/delivery` implements it on any log.
 *
 * @module
 */
import type { Event } from '../event/event.ts'
import type { RetryPolicy } from '../plan/plan.ts'
import type { LogRecord, TopicPartition } from './log.ts'
import type { SignalLike } from './signal.ts'

/**
 * How often, and when, an event is tried again. `attempts` is how often it is given out in all, 0 for without end; a fixed
 * wait has `factor` 1.
 */
export interface DeliveryRetry extends RetryPolicy {
  /** Waits one by one, in milliseconds, in the place of those that grow; the last one goes for all that follow. */
  readonly delaysMs?: readonly number[]
  /** Time budget: no attempt begins later than this after the event was published, in milliseconds. */
  readonly withinMs?: number
}

/** Where the events of a subscription are posted to, one in each request, signed as Standard Webhooks. */
export interface PushSettings {
  /** `https://…` or `http://…`. */
  readonly url: string
  /**
   * Keys that requests are signed with: `whsec_` and base64 (HMAC-SHA256), or `whsk_` and base64 (ed25519, the private key);
   * several while they are being changed. None: requests are not signed. Shown hidden.
   */
  readonly secrets: readonly string[]
  /** Sent along, such as `authorization`. Values are shown hidden. */
  readonly headers: Readonly<Record<string, string>>
  /** How long the endpoint may take to answer, in milliseconds. */
  readonly timeoutMs: number
  /** Most requests under way, in each process. Fewer while the endpoint is slow or busy. */
  readonly concurrency: number
}

/** How pushing goes in this process. */
export interface PushStatus {
  /** `closed`: it goes on. `open`: the endpoint failed too often, and is left alone for a while. `half-open`: one request tries. */
  readonly breaker: 'closed' | 'open' | 'half-open'
  /** Requests that may be under way now, and that are. */
  readonly limit: number
  readonly inFlight: number
  /** The last one that was not accepted; gone when a later one is. `at` is in milliseconds since 1970. */
  readonly lastFailure?: { readonly at: number; readonly reason: string }
}

/** What a subscription is. All of it can be changed while it is used. */
export interface SubscriptionSettings {
  readonly topics: readonly string[]
  /** CEL over `event`. What it does not want, or fails on, counts as done and never leaves the host. */
  readonly filter?: string
  /**
   * `key`: events of one partition key one at a time, in order; others beside them. `partition`: one at a time of each
   * partition. `none`: all at once.
   */
  readonly order: 'key' | 'partition' | 'none'
  /** How long a consumer may take, in milliseconds, before the event goes to another. It can be extended. */
  readonly leaseMs: number
  /** Most events that are given out and not settled, in each process. */
  readonly maxInFlight: number
  readonly retry: DeliveryRetry
  /** Events older than this are not given out any more, in milliseconds; absent means without limit. */
  readonly maxAgeMs?: number
  /** What becomes of those that are too old, by `maxAgeMs` or by their own `expirytime`. */
  readonly expired: 'drop' | 'dead-letter'
  /** Nothing is given out, and nothing is lost. */
  readonly suspended: boolean
  /** Hosts post its events to an endpoint; absent: consumers come for them. */
  readonly push?: PushSettings
}

/** Settings to begin with, or to be changed; what is `undefined` has its default, or goes back to it. */
export type SubscriptionChanges = {
  readonly [Name in Exclude<keyof SubscriptionSettings, 'retry' | 'push'>]?:
    | SubscriptionSettings[Name]
    | undefined
} & {
  readonly retry?: Partial<DeliveryRetry> | undefined
  readonly push?: Partial<PushSettings> | undefined
}

/** Where a subscription begins, or is moved to: a time is in milliseconds since 1970. */
export type SubscriptionStart = 'earliest' | 'latest' | { readonly time: number }

export interface Subscription extends SubscriptionSettings {
  readonly name: string
  /** Milliseconds since 1970, UTC. */
  readonly createdAt: number
  /** Grows with each change. */
  readonly version: number
}

export interface SubscriptionStatus extends Subscription {
  /** Topic of what was given up. It is there from the first one on. */
  readonly deadLetters: string
  /** Records that are not done, over all topics, as far as was committed. */
  readonly backlog: number
  /** In this process: given out and not settled; waiting for another attempt; ready to be given out. */
  readonly leased: number
  readonly retrying: number
  readonly ready: number
  /** Partitions that this process gives out. */
  readonly partitions: readonly TopicPartition[]
  /** In this process, where it has a part in pushing. */
  readonly pushing?: PushStatus
}

/** An event that was given out. */
export interface Delivered {
  /** What it is settled by. Opaque, and good until it is settled, expires, or moves to another process. */
  readonly lease: string
  readonly event: Event
  /** As it was read: for who passes on the bytes. */
  readonly record: LogRecord
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970, when it was published. */
  readonly publishedAt: number
  /** 1 for the first time. */
  readonly attempt: number
  /** It was perhaps given out before. */
  readonly redelivered: boolean
  /** Milliseconds since 1970 until which it has to be settled; `Infinity` for a consumer without time limit. */
  readonly leasedUntil: number
}

/** What a consumer says of an event that it was given. */
export type Settlement =
  /** It is done. */
  | { readonly lease: string; readonly as: 'ack' }
  /** It failed: again after a wait by the retry policy, or after `delayMs` (Retry-After); or given up at once. */
  | {
      readonly lease: string
      readonly as: 'nack'
      readonly delayMs?: number
      readonly reason?: string
      readonly giveUp?: boolean
    }
  /** It goes back at once, and this was no attempt. */
  | { readonly lease: string; readonly as: 'release' }
  /** It takes longer: this many milliseconds from now. */
  | { readonly lease: string; readonly as: 'extend'; readonly ms: number }

export interface ReceiveOptions {
  /** Most events to be given. Default 1. */
  readonly max?: number
  /** How long to wait for the first one, in milliseconds. Default 0. */
  readonly waitMs?: number
  /** Ends the wait: nothing is given then. */
  readonly signal?: SignalLike
}

export interface ConsumerOptions {
  /** Only events that it wants, of those that the subscription has; the others are for other consumers. */
  readonly wants?: (event: Event) => boolean
  /** Its events are its own until it closes, without time limit: for one whose connection tells that it is alive. */
  readonly holds?: boolean
  /**
   * While it takes part, the other consumers of this process are given nothing; of several exclusive ones the first. When it
   * goes, the next one takes its place.
   */
  readonly exclusive?: boolean
  /** Most events that it has and has not settled. Default without limit, but that of the subscription. */
  readonly prefetch?: number
}

/** An event that somebody only looked at. */
export type Browsed = Pick<Delivered, 'event' | 'record' | 'topic' | 'partition' | 'offset' | 'publishedAt'>

/** Who takes events of a subscription, beside others here and in other processes. */
export interface Consumer {
  /** Resolves with at least one event, or with none when the wait is over. Several may be under way. */
  receive(options?: ReceiveOptions): Promise<readonly Delivered[]>
  /**
   * Durable when it resolves. Gives back the leases that were not held any more: their events were, or will be, given out
   * again. With `soon` it resolves at once, and what is settled is durable a moment later, together with more; with no
   * settlements, when all that was settled before is durable.
   */
  settle(
    settlements: readonly Settlement[],
    options?: { readonly soon?: boolean },
  ): Promise<readonly string[]>
  /**
   * Gives back what it still has. What it had longest counts as an attempt, since that may be what it broke on; not when it
   * says that all is well (`clean`).
   */
  close(options?: { readonly clean?: boolean }): Promise<void>
}

export interface Delivery {
  /**
   * Makes a subscription, from `from` on; default `latest`. One that is there with the same settings is returned as it is.
   * @throws HEDDLE_SUBSCRIPTION_INVALID, HEDDLE_SUBSCRIPTION_EXISTS (with other settings), HEDDLE_LOG_UNKNOWN_TOPIC,
   *   HEDDLE_EXPRESSION_INVALID
   */
  create(
    name: string,
    settings: SubscriptionChanges & Pick<SubscriptionSettings, 'topics'>,
    from?: SubscriptionStart,
  ): Promise<Subscription>
  list(): Promise<readonly Subscription[]>
  /** @throws HEDDLE_SUBSCRIPTION_UNKNOWN, as all that follow. */
  describe(name: string): Promise<SubscriptionStatus>
  /** Changes settings; what is given out goes on. Other processes see it within a few seconds. */
  alter(name: string, changes: SubscriptionChanges): Promise<Subscription>
  /** Deletes it and how far it had come. Its dead letters stay. */
  delete(name: string): Promise<void>
  /**
   * Moves it; what is given out here is given back.
   * @throws HEDDLE_LOG_GROUP_ACTIVE while other processes give it out: suspend it, wait a few seconds, and move it.
   */
  seek(name: string, to: SubscriptionStart): Promise<void>
  /**
   * Looks at what was there when it began and is not done, given out or not, in the order of partitions and offsets. It takes
   * nothing and changes nothing.
   */
  browse(name: string): AsyncIterable<Browsed>
  /** Takes part until it is closed. */
  consumer(name: string, options?: ConsumerOptions): Promise<Consumer>
  /** Takes events without a consumer, as requests do: they are settled by `settle`, by whoever has the lease. */
  pull(name: string, options?: ReceiveOptions): Promise<readonly Delivered[]>
  /** As `Consumer.settle`, for what was given out by any process. */
  settle(name: string, settlements: readonly Settlement[]): Promise<readonly string[]>
  /** Gives all back and leaves. */
  close(): Promise<void>
}
