import {
  type Consumer,
  type Delivered,
  type PushStatus,
  type Settlement,
  type Subscription,
  sleep,
} from '@heddle/core'
import { type BreakerChanged, type Pushed, breakerChannel, pushedChannel } from '../channels.ts'
import { Breaker } from './breaker.ts'
import { type Answer, Endpoint, type EndpointContext } from './endpoint.ts'
import type { PushLimits } from './options.ts'
import { Pace } from './pace.ts'

/** How long one wait for events lasts, in milliseconds; it ends early when something changes. */
const waitMs = 30_000

export interface PusherContext extends EndpointContext, PushLimits {
  /** How long after something could not be had it is tried again, in milliseconds. */
  readonly retryMs: number
  /** The endpoint wants no more. */
  readonly gone: (name: string, reason: string) => Promise<void>
}

/** A subscription with an endpoint. */
export type PushSubscription = Subscription & { readonly push: NonNullable<Subscription['push']> }

/** Posts the events of one subscription that this process gives out, as fast as its endpoint takes them. */
export class Pusher {
  readonly #subscription: PushSubscription
  readonly #context: PusherContext
  readonly #consumer: Consumer
  readonly #endpoint: Endpoint
  readonly #pace: Pace
  readonly #breaker: Breaker
  readonly #stopping = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  readonly #loop: Promise<void>
  /** Ends the wait for events: there is another state. */
  #turn = new AbortController()
  /** The endpoint asked for peace until then, for all that is sent to it. */
  #notBefore = 0
  #freed: (() => void) | undefined
  #lastFailure: PushStatus['lastFailure']

  constructor(subscription: PushSubscription, consumer: Consumer, context: PusherContext) {
    this.#subscription = subscription
    this.#consumer = consumer
    this.#context = context
    this.#endpoint = new Endpoint(subscription.push, context)
    this.#pace = new Pace(subscription.push.concurrency)
    this.#breaker = new Breaker(context.breaker)
    this.#loop = this.#run()
  }

  get status(): PushStatus {
    return {
      breaker: this.#breaker.state,
      limit: this.#limit,
      inFlight: this.#underWay.size,
      ...(this.#lastFailure && { lastFailure: this.#lastFailure }),
    }
  }

  /** Takes nothing more, and waits for the answers of what is under way; what has none in time is given back. */
  async stop(): Promise<void> {
    const { clock, drainMs } = this.#context
    this.#end()
    await this.#loop
    const answered = new AbortController()
    await Promise.race([Promise.all(this.#underWay), sleep(clock, drainMs, answered.signal)])
    answered.abort()
    this.#endpoint.close()
    await Promise.all(this.#underWay)
    await this.#consumer.close({ clean: true })
  }

  /** It takes nothing more by itself: its endpoint wants no more. */
  get ended(): boolean {
    return this.#stopping.signal.aborted
  }

  get #limit(): number {
    if (this.#breaker.state === 'open') return 0
    return this.#breaker.state === 'half-open' ? 1 : this.#pace.limit
  }

  #end(): void {
    this.#stopping.abort()
    this.#turn.abort()
    this.#freed?.()
  }

  async #run(): Promise<void> {
    const { clock, retryMs } = this.#context
    const stopping = this.#stopping.signal
    while (!stopping.aborted) {
      this.#turn = new AbortController()
      const { signal } = this.#turn
      const now = clock.now()
      if (this.#breaker.state === 'open' && now >= this.#breaker.openUntil) this.#breaker.tryOne()
      const until = Math.max(this.#notBefore, this.#breaker.state === 'open' ? this.#breaker.openUntil : 0)
      if (until > now) {
        await sleep(clock, until - now, signal)
        continue
      }
      const room = this.#limit - this.#underWay.size
      if (room <= 0) {
        await this.#free()
        continue
      }
      const given = await this.#receive(room, signal)
      for (const one of given) this.#begin(one)
      // Nothing, and not because the wait was over: it is not to be had now.
      if (given.length === 0 && !signal.aborted && clock.now() - now < waitMs)
        await sleep(clock, retryMs, signal)
    }
  }

  async #receive(max: number, signal: AbortSignal): Promise<readonly Delivered[]> {
    try {
      return await this.#consumer.receive({ max, waitMs, signal })
    } catch {
      // What failed says so by itself; it is tried again.
      return []
    }
  }

  #free(): Promise<void> {
    return new Promise((resolve) => {
      this.#freed = resolve
    })
  }

  #begin(delivered: Delivered): void {
    const pushed = this.#push(delivered).finally(() => {
      this.#underWay.delete(pushed)
      this.#freed?.()
    })
    this.#underWay.add(pushed)
  }

  async #push(delivered: Delivered): Promise<void> {
    const { lease } = delivered
    // It was on its way here when something changed.
    if (!this.#mayBegin()) return this.#settle({ lease, as: 'release' })
    const rounds = { pace: this.#pace.round, breaker: this.#breaker.round }
    const answer = await this.#endpoint.post(delivered)
    if (answer.status === undefined && this.#stopping.signal.aborted)
      return this.#settle({ lease, as: 'release' })
    this.#tell(answer)
    this.#learn(answer, rounds)
    switch (answer.outcome) {
      case 'accepted':
        return this.#settle({ lease, as: 'ack' })
      case 'gone':
        this.#end()
        await this.#settle({ lease, as: 'release' })
        return this.#context.gone(this.#subscription.name, answer.reason)
      case 'invalid':
        return this.#settle({ lease, as: 'nack', reason: answer.reason, giveUp: true })
      default: {
        const { reason, retryAfterMs: delayMs } = answer
        return this.#settle({ lease, as: 'nack', reason, ...(delayMs !== undefined && { delayMs }) })
      }
    }
  }

  #mayBegin(): boolean {
    if (this.#stopping.signal.aborted || this.#notBefore > this.#context.clock.now()) return false
    return this.#underWay.size < this.#limit
  }

  /** What the answer says about the endpoint. */
  #learn(answer: Answer, rounds: { readonly pace: number; readonly breaker: number }): void {
    const { clock } = this.#context
    const { timeoutMs } = this.#subscription.push
    const { outcome, retryAfterMs } = answer
    const now = clock.now()
    if (outcome === 'accepted') this.#lastFailure = undefined
    else this.#lastFailure = { at: now, reason: answer.reason }
    if (outcome === 'invalid') return
    if (retryAfterMs !== undefined && outcome === 'busy') this.#notBefore = now + retryAfterMs
    if (outcome === 'busy' || answer.ms > timeoutMs / 2) this.#pace.badly(rounds.pace)
    else this.#pace.well()
    const tooMany = answer.status === 429
    const changed =
      outcome === 'busy' && !tooMany
        ? this.#breaker.failed(rounds.breaker, now)
        : this.#breaker.alive(rounds.breaker)
    if (changed || this.#notBefore > now) this.#turn.abort()
    if (changed && breakerChannel.hasSubscribers)
      breakerChannel.publish({
        subscription: this.#subscription.name,
        state: this.#breaker.state,
        ...(this.#breaker.state === 'open' && { forMs: this.#breaker.openUntil - now }),
        ...(answer.reason && { reason: answer.reason }),
      } satisfies BreakerChanged)
  }

  /** A log that cannot be written says so by itself; the event comes again then. */
  async #settle(settlement: Settlement): Promise<void> {
    await this.#consumer.settle([settlement]).catch(() => {})
  }

  #tell({ outcome, status, ms }: Answer): void {
    if (pushedChannel.hasSubscribers)
      pushedChannel.publish({
        subscription: this.#subscription.name,
        outcome,
        status,
        ms,
      } satisfies Pushed)
  }
}
