import {
  type Clock,
  type Delivered,
  type GroupMember,
  type Log,
  type ReceiveOptions,
  type Settlement,
  type Subscription,
  type TopicPartition,
  sleep,
} from '@heddle/core'
import { type DeliveryFailed, failedChannel } from './channels.ts'
import { Committer } from './committer.ts'
import { Lane } from './lane.ts'
import { type Holder, Ledger } from './ledger.ts'
import { deadLetterTopicOf, groupOf } from './names.ts'
import type { DeliverySettings } from './options.ts'
import { Reader } from './reader.ts'
import { WaitingLine } from './waiting-line.ts'

export interface DispatcherContext extends DeliverySettings {
  readonly log: Log
  readonly clock: Clock
  readonly random: () => number
  /** Name of this process. */
  readonly instance: string
  /** Sets the leases of one dispatcher apart from those of all others. */
  readonly newLife: () => string
}

/**
 * Gives out a subscription in this process: takes part in its consumer group, reads its share of the partitions ahead, leases
 * events to consumers, and commits what is done.
 */
export class Dispatcher {
  readonly #context: DispatcherContext
  #subscription: Subscription
  /** Partitions that this process has; their lanes follow when it is known how far they have come. */
  readonly #owned = new Set<string>()
  readonly #lanes = new Map<string, Lane>()
  readonly #ledger: Ledger
  readonly #line: WaitingLine
  readonly #reader: Reader
  readonly #committer: Committer
  readonly #stopped = new AbortController()
  #member: GroupMember | undefined

  constructor(subscription: Subscription, context: DispatcherContext) {
    this.#context = context
    this.#subscription = subscription
    const { clock, instance, log, random } = context
    const { name } = subscription
    const shared = {
      ...context,
      settings: () => this.#subscription,
      lanes: () => this.#lanes.values(),
      changed: () => this.#committer.soon(),
    }
    this.#ledger = new Ledger({
      ...shared,
      name,
      life: context.newLife(),
      random,
      ready: () => this.#line.ring(),
      letter: (item, error) => this.#committer.letter(item, error),
      roomy: () => this.#reader.roomy(),
    })
    this.#line = new WaitingLine(this.#ledger, clock)
    this.#reader = new Reader({
      ...shared,
      ledger: this.#ledger,
      failed: (doing, error) => this.#failed(doing, error),
    })
    this.#committer = new Committer({
      ...shared,
      subscription: name,
      deadLetterTopic: deadLetterTopicOf(name),
      transactorId: `${groupOf(name)}.${instance}`,
      log,
      member: () => this.#member!,
      finished: (item) => {
        this.#ledger.finish(item, 'dead')
        this.#line.ring()
      },
      failed: (error) => this.#failed('commit', error),
    })
  }

  get subscription(): Subscription {
    return this.#subscription
  }

  /** What describes it, as it is in this process. */
  get figures(): { leased: number; retrying: number; ready: number; partitions: readonly TopicPartition[] } {
    const { leased, ready, retrying } = this.#ledger
    const partitions = [...this.#lanes.values()].map(({ topic, partition }) => ({ topic, partition }))
    return { leased, ready, retrying, partitions }
  }

  /** Somebody waits for events, or has some. */
  get busy(): boolean {
    return this.#ledger.leased > 0 || this.#line.size > 0
  }

  async start(): Promise<void> {
    const { log } = this.#context
    const { name, topics } = this.#subscription
    this.#member = await log.joinGroup({
      group: groupOf(name),
      topics,
      onAssigned: (places) => void this.#assigned(places),
      onRevoked: (places) => this.#revoked(places),
      onLost: (places) => this.#forget(places),
    })
    this.#reader.start()
  }

  /** Its settings were changed; not its topics. */
  update(subscription: Subscription): void {
    this.#subscription = subscription
    this.#line.ring()
  }

  receive(holder: Holder, options: ReceiveOptions): Promise<readonly Delivered[]> {
    return this.#line.receive(holder, options)
  }

  /** @returns Leases that were not held. */
  async settle(
    settlements: readonly Settlement[],
    { soon = false }: { readonly soon?: boolean } = {},
  ): Promise<readonly string[]> {
    const lost: string[] = []
    let final = false
    for (const settlement of settlements) {
      if (!this.#ledger.settle(settlement)) lost.push(settlement.lease)
      else if (settlement.as !== 'extend') final = true
    }
    if (soon && final) this.#committer.soon()
    else if (final || settlements.length === 0) await this.#committer.commit()
    return lost
  }

  /** Others may be given something now. */
  ring(): void {
    this.#line.ring()
  }

  dismiss(holder: Holder, clean: boolean): void {
    this.#line.dismiss(holder)
    this.#ledger.dismiss(holder, clean)
  }

  /** Gives its partitions back, when what is leased is settled or has had its time. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#line.dismiss()
    await this.#reader.stop()
    await this.#member?.leave()
    await this.#committer.close()
    this.#ledger.close()
  }

  /** In the background: a throw would leave the group. */
  async #assigned(places: readonly TopicPartition[]): Promise<void> {
    const { clock, log, retryMs } = this.#context
    const { signal } = this.#stopped
    for (const place of places) this.#owned.add(keyOf(place))
    while (!signal.aborted) {
      try {
        const committed = await this.#member!.committed(places)
        for (const place of places) {
          const key = keyOf(place)
          const from = committed.find((one) => keyOf(one) === key) ?? { offset: await earliest(log, place) }
          if (this.#owned.has(key) && !this.#lanes.has(key)) this.#lanes.set(key, new Lane(place, from))
        }
        break
      } catch (error) {
        if (signal.aborted) return
        this.#failed('join', error)
        await sleep(clock, retryMs, signal)
      }
    }
    this.#reader.nudge()
  }

  async #revoked(places: readonly TopicPartition[]): Promise<void> {
    const { clock, handOverMs } = this.#context
    for (const place of places) this.#owned.delete(keyOf(place))
    const lanes = this.#lanesOf(places)
    const ended = new AbortController()
    const idle = lanes.map((lane) => {
      lane.leaving = true
      this.#ledger.withhold(lane)
      if (lane.leased === 0) return Promise.resolve()
      return new Promise<void>((resolve) => {
        lane.idle = resolve
      })
    })
    this.#reader.nudge()
    await Promise.race([Promise.all(idle), sleep(clock, handOverMs, ended.signal)])
    ended.abort()
    await this.#committer.commit().catch(() => {})
    this.#forget(places)
  }

  #forget(places: readonly TopicPartition[]): void {
    for (const place of places) this.#owned.delete(keyOf(place))
    for (const lane of this.#lanesOf(places)) {
      lane.leaving = true
      this.#ledger.forget(lane)
      this.#lanes.delete(keyOf(lane))
    }
    this.#reader.nudge()
  }

  #lanesOf(places: readonly TopicPartition[]): Lane[] {
    return places.map((place) => this.#lanes.get(keyOf(place))).filter((lane) => lane !== undefined)
  }

  #failed(doing: DeliveryFailed['doing'], error: unknown): void {
    if (failedChannel.hasSubscribers)
      failedChannel.publish({ subscription: this.#subscription.name, doing, error } satisfies DeliveryFailed)
  }
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

async function earliest(log: Log, { topic, partition }: TopicPartition): Promise<number> {
  const found = await log.partitions(topic)
  return found.find((one) => one.partition === partition)?.earliest ?? 0
}
