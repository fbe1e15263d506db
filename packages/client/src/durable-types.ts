/**
 * Durable subscriptions, as the gateway has them. Times in milliseconds.
 *
 * @module
 */

/** What a subscription is; what is left out has its default. docs/guides/subscriptions.md says what each means. */
export interface SubscriptionSettings {
  readonly topics: readonly string[]
  /** A CEL expression over `event`, applied by the gateway. */
  readonly filter?: string
  readonly order?: 'key' | 'partition' | 'none'
  readonly leaseMs?: number
  readonly maxInFlight?: number
  readonly retry?: {
    readonly attempts?: number
    readonly initialMs?: number
    readonly factor?: number
    readonly maxMs?: number
    readonly jitter?: number
    readonly delaysMs?: readonly number[]
    readonly withinMs?: number
  }
  readonly maxAgeMs?: number
  readonly expired?: 'drop' | 'dead-letter'
  readonly suspended?: boolean
  readonly push?: {
    readonly url?: string
    readonly secrets?: readonly string[]
    readonly headers?: Readonly<Record<string, string>>
    readonly timeoutMs?: number
    readonly concurrency?: number
  }
}

/** Settings to change; `null` goes back to the default. */
export type SubscriptionChanges = {
  readonly [Name in keyof SubscriptionSettings]?: SubscriptionSettings[Name] | null
}

/** Where to begin, or to go: a time as RFC 3339, a Date, or milliseconds since 1970. */
export type Place = 'earliest' | 'latest' | (string & {}) | number | Date

export interface SubscriptionInfo extends SubscriptionSettings {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Grows with each change. */
  readonly version: number
  readonly leaseMs: number
  readonly suspended: boolean
}

export interface SubscriptionStatus extends SubscriptionInfo {
  /** Topic of what was given up. */
  readonly deadLetters: string
  /** Events that are not done, as far as was committed. */
  readonly backlog: number
  /** In the process that was asked. */
  readonly leased: number
  readonly retrying: number
  readonly ready: number
}
