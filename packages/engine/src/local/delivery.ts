import {
  type Clock,
  type Connector,
  type GroupMember,
  HeddleError,
  type Log,
  type PlanComponent,
  type Sink,
  type Store,
  type Timer,
  type TopicPartition,
  type Transactor,
  isHeddleError,
  sleep,
} from '@heddle/core'
import { outboxTopic } from '../operators/sink.ts'
import { Bell } from './bell.ts'
import { Lane } from './lane.ts'
import type { Settings } from './options.ts'
import { OutboxSession, checkpointName } from './outbox-session.ts'
import { stateStores } from './plan-record.ts'
import { retryDelay } from './retry-delay.ts'

/** When nothing was assigned within this time, in milliseconds, another process is delivering. */
const standbyMs = 1000

export interface DeliveryContext {
  readonly topology: string
  readonly component: PlanComponent
  readonly connector: Connector
  readonly deadLetterTopic: string
  /** Largest record that the dead letters take, in bytes. */
  readonly maxBytes: number
  readonly log: Log
  readonly clock: Clock
  readonly settings: Settings
  readonly report: (component: string, error: unknown) => void
  /** Spouts that waited for the outbox may go on. */
  readonly relieved: () => void
}

/**
 * Delivers the outbox of one sink, apart from the topology that fills it: by a consumer group of its own, so that of several
 * processes one delivers, and another takes over.
 *
 * Sinks always have an outbox, at-least-once too: the checkpoint of a sink, and the transaction of an epoch, both need outputs
 * to wait in order somewhere durable; one way for both costs an append of about a millisecond.
 */
export class Delivery {
  readonly #context: DeliveryContext
  readonly #topic: string
  readonly #name: string
  readonly #bell = new Bell()
  readonly #killed = new AbortController()
  #member: GroupMember | undefined
  #owned = false
  #stopping = false
  #session: OutboxSession | undefined
  #loop: Promise<void> | undefined
  /** Events in the outbox that are not delivered, as far as this process delivers them. */
  #behind = 0
  #congested = false

  constructor(context: DeliveryContext) {
    this.#context = context
    this.#topic = outboxTopic(context.topology, context.component.id)
    this.#name = `${context.topology}.${context.component.id}`
  }

  get topic(): string {
    return this.#topic
  }

  /** More waits than may. */
  get congested(): boolean {
    return this.#congested
  }

  /**
   * Resolves when the sink is open, or another process has it.
   * @throws What is wrong with the sink's settings.
   */
  async start(): Promise<void> {
    const { log } = this.#context
    const opened = Promise.withResolvers<void>()
    this.#member = await log.joinGroup({
      group: this.#name,
      topics: [this.#topic],
      onAssigned: () => this.#own(true),
      onRevoked: async () => {
        this.#own(false)
        this.#session?.stop()
        await this.#session?.run().catch(() => {})
      },
      onLost: () => {
        this.#own(false)
        this.#session?.abort(new HeddleError('HEDDLE_LOG_FENCED', this.#name))
      },
    })
    this.#loop = this.#work(opened)
    this.#loop.catch(opened.reject)
    const elsewhere = this.#context.clock.after(standbyMs, opened.resolve)
    await opened.promise.finally(() => elsewhere.clear())
  }

  /** So many events were put into the outbox. */
  added(events: number): void {
    if (!this.#owned) return
    this.#behind += events
    if (this.#behind > this.#context.settings.maxOutbox) this.#congested = true
  }

  /** Delivers what is there, as long as it goes well and at most for `waitMs`; then closes. */
  async stop(waitMs: number): Promise<void> {
    this.#stopping = true
    this.#session?.stop()
    this.#bell.ring()
    let timer: Timer | undefined
    const late = new Promise<void>((resolve) => {
      timer = this.#context.clock.after(waitMs, resolve)
    })
    if (waitMs > 0) await Promise.race([this.#loop?.catch(() => {}), late])
    timer?.clear()
    this.#killed.abort()
    this.#session?.abort(new HeddleError('HEDDLE_ENGINE_STOPPED', this.#name))
    await this.#loop?.catch(() => {})
    await this.#member?.leave()
  }

  #own(owned: boolean): void {
    this.#owned = owned
    if (!owned) this.#settled(this.#behind)
    this.#bell.ring()
  }

  #settled(events: number): void {
    const { settings, relieved } = this.#context
    this.#behind = Math.max(0, this.#behind - events)
    if (!this.#congested || this.#behind > settings.maxOutbox / 2) return
    this.#congested = false
    relieved()
  }

  async #work(opened: PromiseWithResolvers<void>): Promise<void> {
    const { component, clock, settings, report } = this.#context
    for (let attempts = 0; !this.#killed.signal.aborted;) {
      if (!this.#owned) {
        if (this.#stopping) return
        await this.#bell.wait()
        continue
      }
      try {
        await this.#deliver(opened)
        if (this.#stopping) return
        attempts = 0
      } catch (error) {
        if (this.#killed.signal.aborted) return
        // Settings that are wrong stay wrong, and who submits the topology has to know.
        if (isHeddleError(error) && error.kind === 'usage') throw error
        report(component.id, error)
        opened.resolve()
        if (this.#stopping) return
        await sleep(clock, retryDelay(settings.restart, ++attempts, settings.random), this.#killed.signal)
      }
    }
  }

  /** One session, from opening the sink to closing it. */
  async #deliver(opened: PromiseWithResolvers<void>): Promise<void> {
    const { log, topology, component, settings } = this.#context
    const member = this.#member!
    const store = (await stateStores(log, topology, component.id))[0]!
    const transactor = await log.transactor(this.#name)
    let sink: Sink | undefined
    try {
      sink = await this.#openSink(store)
      const lane = await this.#lane(member)
      this.#behind = Math.max(0, lane.latest - lane.next)
      this.#congested = this.#behind > settings.maxOutbox
      const session = this.#open(sink, lane, member, transactor, store)
      opened.resolve()
      if (this.#stopping) session.stop()
      await session.run()
    } finally {
      this.#session = undefined
      await transactor.close()
      await sink?.close()
    }
  }

  #openSink(store: Store): Promise<Sink> {
    const { connector, topology, component, clock } = this.#context
    const checkpoint = store.get(checkpointName)
    return connector.openSink(component.config['config'] as Readonly<Record<string, unknown>>, {
      topology,
      component: component.id,
      clock,
      checkpoint: checkpoint && Buffer.from(checkpoint).toString(),
      signal: this.#killed.signal,
    })
  }

  async #lane(member: GroupMember): Promise<Lane> {
    const place: TopicPartition = { topic: this.#topic, partition: 0 }
    const [committed] = await member.committed([place])
    const [found] = await this.#context.log.partitions(this.#topic)
    const lane = new Lane(place, committed ?? { offset: found!.earliest }, -Infinity, 0)
    lane.latest = found!.latest
    return lane
  }

  #open(sink: Sink, lane: Lane, member: GroupMember, transactor: Transactor, store: Store): OutboxSession {
    const { component, connector, report } = this.#context
    const session = new OutboxSession({
      ...this.#context,
      kind: connector.kind,
      sink,
      lane,
      member,
      transactor,
      store,
      report: (error) => report(component.id, error),
      settled: (events) => this.#settled(events),
    })
    this.#session = session
    return session
  }
}
