import {
  type Delivered,
  type ReceiveOptions,
  type Settlement,
  type Subscription,
  type Timer,
  isHeddleError,
} from '@heddle/core'
import { type DeliveryFailed, failedChannel } from './channels.ts'
import type { Definitions } from './definitions.ts'
import { Dispatcher, type DispatcherContext } from './dispatcher.ts'
import type { Holder } from './ledger.ts'

export interface StationContext extends DispatcherContext {
  readonly definitions: Definitions
  /** Nobody takes part here any more. */
  readonly unused: (station: Station) => void
}

/**
 * Where consumers of this process come to for one subscription. It has a dispatcher while somebody takes part and the
 * subscription is not suspended, and follows what other processes change of it.
 */
export class Station {
  readonly name: string
  readonly #context: StationContext
  readonly #holders = new Set<Holder>()
  /** Who pulls without being a consumer. */
  readonly #guests: Holder = { leases: new Set() }
  #subscription: Subscription | undefined
  #dispatcher: Dispatcher | undefined
  /** One change at a time. */
  #turn: Promise<unknown> = Promise.resolve()
  #opened: Promise<void> | undefined
  #refreshing: Timer | undefined
  #pulledAt = 0
  #away = false
  #closed = false
  /** Resolved, and renewed, when there is another dispatcher, or none. */
  #changed = Promise.withResolvers<void>()

  constructor(name: string, context: StationContext) {
    this.name = name
    this.#context = context
    this.#pulledAt = context.clock.now()
  }

  get figures(): Dispatcher['figures'] | undefined {
    return this.#dispatcher?.figures
  }

  /** @throws HEDDLE_SUBSCRIPTION_UNKNOWN */
  open(): Promise<void> {
    this.#opened ??= this.refresh().then(() => this.#schedule())
    return this.#opened
  }

  /** Nobody can take part here any more; another station takes its place. */
  get closed(): boolean {
    return this.#closed
  }

  enter(holder: Holder): void {
    this.#holders.add(holder)
    this.#bar()
  }

  async leave(holder: Holder, clean: boolean): Promise<void> {
    this.#holders.delete(holder)
    this.#dispatcher?.dismiss(holder, clean)
    if (holder.exclusive === true) this.#bar()
    // Until the next look, others of this process may come.
    await this.#lookForUse()
  }

  /** Only the first exclusive one is given anything, where there is one. */
  #bar(): void {
    const all = [...this.#holders, this.#guests]
    const only = all.find(({ exclusive }) => exclusive === true)
    for (const one of all) one.barred = only !== undefined && one !== only
    this.#dispatcher?.ring()
  }

  async pull(options: ReceiveOptions): Promise<readonly Delivered[]> {
    const { clock } = this.#context
    this.#pulledAt = clock.now()
    const given = await this.receive(this.#guests, options)
    this.#pulledAt = clock.now()
    return given
  }

  /** Waits through suspensions, and through changes of what it reads. */
  async receive(holder: Holder, options: ReceiveOptions): Promise<readonly Delivered[]> {
    const { clock } = this.#context
    const until = clock.now() + (options.waitMs ?? 0)
    for (;;) {
      const waitMs = Math.max(0, until - clock.now())
      const changed = this.#changed.promise
      const dispatcher = this.#dispatcher
      if (dispatcher) {
        const given = await dispatcher.receive(holder, { ...options, waitMs })
        if (given.length > 0 || this.#dispatcher === dispatcher) return given
      } else await this.#wait(changed, waitMs, options)
      if (this.#closed || options.signal?.aborted === true || clock.now() >= until) return []
    }
  }

  async settle(
    settlements: readonly Settlement[],
    options?: { readonly soon?: boolean },
  ): Promise<readonly string[]> {
    if (this.#dispatcher) return this.#dispatcher.settle(settlements, options)
    return settlements.map(({ lease }) => lease)
  }

  /** Sees what the subscription is now, and does what follows of that. */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed) return
      this.#subscription = await this.#context.definitions.get(this.name)
      await this.#follow()
    })
  }

  /** Does something while this process has no part in the subscription. */
  whileAway(run: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      this.#away = true
      try {
        await this.#follow()
        await run()
      } finally {
        this.#away = false
        await this.#follow()
      }
    })
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#end())
  }

  async #end(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#refreshing?.clear()
    for (const holder of [...this.#holders, this.#guests]) this.#dispatcher?.dismiss(holder, true)
    this.#context.unused(this)
    await this.#stop()
    this.#tell()
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(run)
    this.#turn = done.catch(() => {})
    return done
  }

  /** Has a dispatcher, or none, as it should be. */
  async #follow(): Promise<void> {
    const subscription = this.#subscription!
    const running = this.#dispatcher?.subscription
    const wanted = !this.#closed && !this.#away && !subscription.suspended
    if (running && (!wanted || running.topics.join() !== subscription.topics.join())) await this.#stop()
    if (!wanted) return
    if (this.#dispatcher) return this.#dispatcher.update(subscription)
    const dispatcher = new Dispatcher(subscription, this.#context)
    await dispatcher.start()
    this.#dispatcher = dispatcher
    this.#tell()
  }

  async #stop(): Promise<void> {
    const dispatcher = this.#dispatcher
    if (!dispatcher) return
    this.#dispatcher = undefined
    this.#tell()
    await dispatcher.stop()
  }

  #tell(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #wait(changed: Promise<void>, ms: number, { signal }: ReceiveOptions): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.clear()
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const timer = this.#context.clock.after(ms, end)
      signal?.addEventListener('abort', end)
      void changed.then(end)
    })
  }

  #schedule(): void {
    const { clock, refreshMs } = this.#context
    if (this.#closed) return
    this.#refreshing = clock.after(refreshMs, () => {
      void this.#look().finally(() => this.#schedule())
    })
  }

  async #look(): Promise<void> {
    try {
      await this.refresh()
      await this.#lookForUse()
    } catch (error) {
      // Another process deleted it.
      if (isHeddleError(error, 'HEDDLE_SUBSCRIPTION_UNKNOWN')) return this.close()
      if (failedChannel.hasSubscribers)
        failedChannel.publish({ subscription: this.name, doing: 'refresh', error } satisfies DeliveryFailed)
    }
  }

  /** When nobody takes part any more, others get its partitions. */
  async #lookForUse(): Promise<void> {
    const { clock, idleMs } = this.#context
    await this.#inTurn(async () => {
      if (this.#holders.size > 0 || this.#dispatcher?.busy === true) return
      if (clock.now() - this.#pulledAt >= idleMs) await this.#end()
    })
  }
}
