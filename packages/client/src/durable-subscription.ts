/**
 * A durable subscription: how it is made and steered, and how its events are taken.
 *
 * @module
 */
import { ask, askAgain } from './ask.ts'
import type {
  Place,
  SubscriptionChanges,
  SubscriptionInfo,
  SubscriptionSettings,
  SubscriptionStatus,
} from './durable-types.ts'
import { type Event, eventOf } from './event.ts'
import type { Given, Job } from './job.ts'
import type { Settings } from './options.ts'
import { type RetryOptions, backoffOf } from './retry.ts'
import { Settler } from './settler.ts'
import { type WorkOptions, work } from './work.ts'

/** How long one pull waits, in milliseconds: below the idle limits of usual proxies. */
const pullWaitMs = 30_000

export interface PullOptions {
  /** Most events that one request takes. What was taken is this consumer's own, and waits for it. Default 1. */
  readonly max?: number
  /** Ends the iteration. */
  readonly signal?: AbortSignal
  /** Attempts to reach the gateway in a row; without limit unless given. */
  readonly retry?: RetryOptions
}

export interface DurableSubscription {
  readonly name: string
  /**
   * Makes it, from `from` on (default `latest`); gives the one that is there when it has the same settings.
   * @throws ClientError HEDDLE_SUBSCRIPTION_EXISTS, HEDDLE_SUBSCRIPTION_INVALID, HEDDLE_LOG_UNKNOWN_TOPIC
   */
  create(settings: SubscriptionSettings, from?: Place): Promise<SubscriptionInfo>
  /** @throws ClientError HEDDLE_SUBSCRIPTION_UNKNOWN, as all that follow. */
  describe(): Promise<SubscriptionStatus>
  /** Changes settings while it is used. */
  alter(changes: SubscriptionChanges): Promise<SubscriptionInfo>
  /** Nothing is given out until `resume`; nothing is lost. */
  suspend(): Promise<SubscriptionInfo>
  resume(): Promise<SubscriptionInfo>
  /** Moves it. @throws ClientError HEDDLE_LOG_GROUP_ACTIVE while other processes give it out: suspend it first. */
  seek(to: Place): Promise<SubscriptionStatus>
  /** Deletes it; its dead letters stay. */
  delete(): Promise<void>
  /**
   * Its events, one by one, each to be settled by whoever has it. Leaving the loop releases those that were taken and not handed over.
   * @throws ClientError for what another attempt would not change.
   * @example
   * for await (const job of client.subscription('mails').pull<Order>({ max: 10 })) {
   *   await send(job.event.data)
   *   await job.ack()
   * }
   */
  pull<T = unknown>(options?: PullOptions): AsyncIterableIterator<Job<T>>
  /**
   * Does all its events, several at a time: acknowledged when `handle` resolves, tried again later when it throws; leases are extended
   * while it works. Resolves when the signal is aborted and all that was begun is done.
   * @throws ClientError for what another attempt would not change.
   * @example await client.subscription('mails').work((event) => send(event.data), { concurrency: 16, signal })
   */
  work<T = unknown>(handle: (event: Event<T>, job: Job<T>) => unknown, options?: WorkOptions): Promise<void>
}

/** @param closing Ends all pulls. */
export function durableSubscription(
  settings: Settings,
  name: string,
  closing: AbortSignal,
): DurableSubscription {
  const path = `/subscriptions/${encodeURIComponent(name)}`
  const settler = new Settler(settings, path)
  const call = <T>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    sub = '',
    body?: object,
  ): Promise<T> => ask<T>(settings, { method, path: path + sub, ...(body && { body: JSON.stringify(body) }) })
  const alter = (changes: SubscriptionChanges): Promise<SubscriptionInfo> => call('PATCH', '', changes)
  const pull = <T>(options: PullOptions = {}): AsyncGenerator<Job<T>, void, undefined> =>
    jobs<T>(settings, path, settler, options, closing)
  return {
    name,
    create: (given, from) =>
      call('PUT', '', { ...given, ...(from !== undefined && { from: placeText(from) }) }),
    describe: () => call('GET'),
    alter,
    suspend: () => alter({ suspended: true }),
    resume: () => alter({ suspended: false }),
    seek: (to) => call('POST', '/seek', { to: placeText(to) }),
    delete: () => call('DELETE'),
    pull,
    work: async <T>(handle: (event: Event<T>, job: Job<T>) => unknown, options: WorkOptions = {}) => {
      const { leaseMs } = await askAgain<SubscriptionStatus>(
        settings,
        { method: 'GET', path },
        backoffOf(settings.retry, 10),
      )
      await work<T>((limits) => pull<T>(limits), handle, leaseMs, options)
    },
  }
}

const placeText = (place: Place): string | number => (place instanceof Date ? place.getTime() : place)

async function* jobs<T>(
  settings: Settings,
  path: string,
  settler: Settler,
  { max = 1, retry, signal: given }: PullOptions,
  closing: AbortSignal,
): AsyncGenerator<Job<T>, void, undefined> {
  const signal = given ? AbortSignal.any([given, closing]) : closing
  const backoff = backoffOf(
    { ...settings.retry, attempts: Number.POSITIVE_INFINITY, ...retry },
    Number.POSITIVE_INFINITY,
  )
  const question = {
    method: 'POST',
    path: `${path}/pull?max=${max}&wait=${pullWaitMs}`,
    waitMs: pullWaitMs,
    signal,
  } as const
  while (!signal.aborted) {
    let taken: Given[]
    try {
      taken = [...(await askAgain<{ events: readonly Given[] }>(settings, question, backoff)).events]
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
    try {
      while (taken.length > 0 && !signal.aborted) yield jobOf<T>(taken.shift()!, settler)
    } finally {
      // Others need not wait until the leases are over; when that cannot be said, they do.
      for (const { lease } of taken) settler.settle(lease, { as: 'release' }).catch(() => {})
    }
  }
}

function jobOf<T>({ lease, event, ...rest }: Given, settler: Settler): Job<T> {
  const { attempt, offset, partition, redelivered, topic } = rest
  return {
    event: eventOf<T>(event),
    topic,
    partition,
    offset,
    attempt,
    redelivered,
    ack: () => settler.settle(lease, { as: 'ack' }),
    nack: (options = {}) => settler.settle(lease, { as: 'nack', options }),
    release: () => settler.settle(lease, { as: 'release' }),
    extend: (ms) => settler.settle(lease, { as: 'extend', ms }),
  }
}
