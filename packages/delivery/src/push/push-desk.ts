import type { Clock, Consumer, PushStatus, Subscription, Timer } from '@heddle/core'
import { type DeliveryFailed, failedChannel, goneChannel } from '../channels.ts'
import { AddressGuard } from './address-guard.ts'
import { type PushOptions, defaultPushLimits } from './options.ts'
import { type PushSubscription, Pusher, type PusherContext } from './pusher.ts'

export interface PushDeskContext {
  readonly clock: Clock
  /** How often it looks whether other processes changed something, in milliseconds. */
  readonly refreshMs: number
  readonly retryMs: number
  readonly list: () => Promise<readonly Subscription[]>
  readonly consumer: (name: string) => Promise<Consumer>
  readonly suspend: (name: string) => Promise<unknown>
}

/** Has a pusher for each subscription with an endpoint, for as long as it has one and is not suspended. */
export class PushDesk {
  readonly #context: PushDeskContext
  readonly #pushers = new Map<string, { readonly pusher: Pusher; readonly as: string }>()
  readonly #pusherContext: PusherContext & PushDeskContext
  /** Pushers that wait for their last answers. */
  readonly #ending = new Set<Promise<void>>()
  /** One look at a time. */
  #turn: Promise<void> = Promise.resolve()
  #timer: Timer | undefined
  #closed = false

  /** @throws HEDDLE_CONFIG_INVALID */
  constructor(options: PushOptions, context: PushDeskContext) {
    this.#context = context
    this.#pusherContext = {
      ...defaultPushLimits,
      ...options,
      ...context,
      guard: new AddressGuard(options.allow ?? []),
      gone: (name, reason) => this.#gone(name, reason),
    }
    this.#schedule(0)
  }

  status(name: string): PushStatus | undefined {
    return this.#pushers.get(name)?.pusher.status
  }

  /** Sees what there is to be pushed, and does what follows of that. */
  look(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#look())
    return this.#turn
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.clear()
    await this.#turn
    for (const [name, { pusher }] of this.#pushers) this.#stop(name, pusher)
    await Promise.all(this.#ending)
  }

  #stop(name: string, pusher: Pusher): void {
    this.#pushers.delete(name)
    const ending = pusher.stop().finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }

  #schedule(ms: number): void {
    if (this.#closed) return
    this.#timer = this.#context.clock.after(ms, () => {
      void this.look().finally(() => {
        const { lookMs, refreshMs } = this.#pusherContext
        this.#schedule(this.#pushers.size > 0 ? refreshMs : lookMs)
      })
    })
  }

  async #look(): Promise<void> {
    if (this.#closed) return
    let all: readonly Subscription[]
    try {
      all = await this.#context.list()
    } catch (error) {
      return this.#failed('*', error)
    }
    const wanted = new Map(all.filter(hasEndpoint).map((one) => [one.name, one]))
    // In the background, since answers may take their time: what they are for is given to nobody else meanwhile.
    for (const [name, { as, pusher }] of this.#pushers)
      if (pusher.ended || as !== identity(wanted.get(name))) this.#stop(name, pusher)
    for (const [name, subscription] of wanted) {
      if (this.#closed || this.#pushers.has(name)) continue
      try {
        const pusher = new Pusher(subscription, await this.#context.consumer(name), this.#pusherContext)
        this.#pushers.set(name, { pusher, as: identity(subscription)! })
      } catch (error) {
        this.#failed(name, error)
      }
    }
  }

  async #gone(name: string, reason: string): Promise<void> {
    if (goneChannel.hasSubscribers) goneChannel.publish({ subscription: name, reason })
    await this.#context.suspend(name).catch((error: unknown) => this.#failed(name, error))
  }

  #failed(subscription: string, error: unknown): void {
    if (failedChannel.hasSubscribers)
      failedChannel.publish({ subscription, doing: 'push', error } satisfies DeliveryFailed)
  }
}

const hasEndpoint = (one: Subscription): one is PushSubscription => one.push !== undefined && !one.suspended

/** What a pusher is made for: with another one of these there is another pusher. */
const identity = (one: PushSubscription | undefined): string | undefined =>
  one && JSON.stringify([one.createdAt, one.push])
