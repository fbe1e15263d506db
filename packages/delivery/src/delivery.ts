import {
  type Browsed,
  type Clock,
  type CommittedOffset,
  type Consumer,
  type ConsumerOptions,
  type Delivered,
  type Delivery,
  HeddleError,
  type Log,
  type ReceiveOptions,
  type Settlement,
  type Subscription,
  type SubscriptionChanges,
  type SubscriptionSettings,
  type SubscriptionStart,
  type SubscriptionStatus,
  isHeddleError,
  systemClock,
} from '@heddle/core'
import { browse } from './browse.ts'
import { Definitions } from './definitions.ts'
import { Exchange } from './exchange/exchange.ts'
import { newProcessId, processOf } from './exchange/lease-id.ts'
import type { Holder } from './ledger.ts'
import { checkName, deadLetterTopicOf, groupOf } from './names.ts'
import { type DeliveryOptions, defaultSettings } from './options.ts'
import { withoutSecrets } from './push/hidden.ts'
import { PushDesk } from './push/push-desk.ts'
import { completeSettings } from './settings.ts'
import { Station } from './station.ts'

/**
 * Subscriptions on a log. Nothing is read or joined before somebody takes part in one.
 *
 * @example
 * const delivery = createDelivery({ log })
 * await delivery.create('mails', { topics: ['orders'], filter: "event.type == 'order.paid'" })
 * const consumer = await delivery.consumer('mails')
 * const [one] = await consumer.receive({ waitMs: 10_000 })
 * if (one) await consumer.settle([{ lease: one.lease, as: 'ack' }])
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  return new LogDelivery(options)
}

class LogDelivery implements Delivery {
  readonly #log: Log
  readonly #clock: Clock
  readonly #definitions: Definitions
  readonly #stations = new Map<string, Station>()
  readonly #makeStation: (name: string) => Station
  readonly #desk: PushDesk | undefined
  readonly #exchange: Exchange
  readonly #processId = newProcessId()
  #closing: Promise<void> | undefined

  constructor(options: DeliveryOptions) {
    const {
      clock = systemClock,
      instance = crypto.randomUUID().slice(0, 8),
      log,
      random = Math.random,
    } = options
    this.#log = log
    this.#clock = clock
    this.#definitions = new Definitions(log, clock)
    let lives = 0
    const context = {
      ...defaultSettings,
      ...options,
      clock,
      instance,
      random,
      newLife: () => `${this.#processId}.${(lives++).toString(36)}`,
      definitions: this.#definitions,
      unused: (station: Station) => void this.#stations.delete(station.name),
    }
    this.#makeStation = (name) => new Station(name, context)
    this.#exchange = new Exchange({
      ...context,
      processId: this.#processId,
      settle: (name, settlements) => this.#settleHere(name, settlements),
    })
    this.#desk =
      options.push &&
      new PushDesk(options.push, {
        ...context,
        list: () => this.#definitions.list(),
        consumer: (name) => this.consumer(name, { holds: true }),
        suspend: (name) => this.#alter(name, { suspended: true }),
      })
  }

  async create(
    name: string,
    given: SubscriptionChanges & Pick<SubscriptionSettings, 'topics'>,
    from: SubscriptionStart = 'latest',
  ): Promise<Subscription> {
    checkName(name)
    const settings = completeSettings(given, undefined)
    const before = await this.#definitions.find(name)
    if (before) return sameAs(before, settings)
    // Before it is there: who takes part at once begins where it should.
    const offsets = await this.#offsets(settings.topics, from)
    try {
      await this.#log.resetOffsets(groupOf(name), offsets)
    } catch (error) {
      // Another process made it meanwhile, and takes part already.
      const other = await this.#definitions.find(name)
      if (other) return sameAs(other, settings)
      throw error
    }
    const made = { name, createdAt: this.#clock.now(), version: 1, ...settings }
    const created = await this.#definitions.change(name, (found) => found ?? made)
    if (settings.push) void this.#desk?.look()
    return sameAs(created!, settings)
  }

  async list(): Promise<readonly Subscription[]> {
    return (await this.#definitions.list()).map((one) => withoutSecrets(one))
  }

  async describe(name: string): Promise<SubscriptionStatus> {
    const subscription = await this.#definitions.get(name)
    const figures = this.#stations.get(name)?.figures
    const pushing = this.#desk?.status(name)
    return {
      ...withoutSecrets(subscription),
      deadLetters: deadLetterTopicOf(name),
      backlog: await this.#backlog(subscription),
      leased: figures?.leased ?? 0,
      retrying: figures?.retrying ?? 0,
      ready: figures?.ready ?? 0,
      partitions: figures?.partitions ?? [],
      ...(pushing && { pushing }),
    }
  }

  async alter(name: string, changes: SubscriptionChanges): Promise<Subscription> {
    const altered = await this.#alter(name, changes)
    // What is pushed before this is answered goes as it was.
    await this.#desk?.look()
    return altered
  }

  async #alter(name: string, changes: SubscriptionChanges): Promise<Subscription> {
    for (const topic of changes.topics ?? []) await this.#log.partitions(topic)
    const altered = await this.#definitions.change(name, (before) => {
      if (!before) throw new HeddleError('HEDDLE_SUBSCRIPTION_UNKNOWN', `'${name}'`)
      const { createdAt, version, name: _, ...settings } = before
      return { name, createdAt, version: version + 1, ...completeSettings(changes, settings) }
    })
    await this.#stations.get(name)?.refresh()
    return withoutSecrets(altered!)
  }

  async delete(name: string): Promise<void> {
    await this.#definitions.get(name)
    await this.#definitions.change(name, () => undefined)
    await this.#desk?.look()
    await this.#stations.get(name)?.close()
    try {
      await this.#log.deleteGroup(groupOf(name))
    } catch (error) {
      // Other processes leave it within seconds. Who makes one of that name begins anew anyway.
      if (!isHeddleError(error, 'HEDDLE_LOG_GROUP_ACTIVE')) throw error
    }
  }

  async seek(name: string, to: SubscriptionStart): Promise<void> {
    const { topics } = await this.#definitions.get(name)
    const offsets = await this.#offsets(topics, to)
    const reset = (): Promise<void> => this.#log.resetOffsets(groupOf(name), offsets)
    const station = this.#stations.get(name)
    await (station ? station.whileAway(reset) : reset())
  }

  async *browse(name: string): AsyncIterable<Browsed> {
    yield* browse(this.#log, this.#clock, await this.#definitions.get(name))
  }

  async consumer(name: string, options: ConsumerOptions = {}): Promise<Consumer> {
    // The leases of others are their own, and only their connection settles them.
    if (!options.holds) await this.#exchange.open()
    const station = await this.#station(name)
    const holder: Holder = { ...options, leases: new Set() }
    station.enter(holder)
    let closed = false
    return {
      receive: (receive = {}) => (closed ? Promise.resolve([]) : station.receive(holder, receive)),
      settle: (settlements, settle) => station.settle(settlements, settle),
      async close({ clean = false } = {}) {
        if (closed) return
        closed = true
        await station.leave(holder, clean)
      },
    }
  }

  async pull(name: string, options: ReceiveOptions = {}): Promise<readonly Delivered[]> {
    await this.#exchange.open()
    return (await this.#station(name)).pull(options)
  }

  async settle(name: string, settlements: readonly Settlement[]): Promise<readonly string[]> {
    if (!this.#stations.has(name)) await this.#definitions.get(name)
    const givenBy = Map.groupBy(settlements, ({ lease }) => processOf(lease) ?? this.#processId)
    const lost = await Promise.all(
      Array.from(givenBy, ([process, some]) =>
        process === this.#processId ? this.#settleHere(name, some) : this.#exchange.ask(process, name, some),
      ),
    )
    return lost.flat()
  }

  async #settleHere(name: string, settlements: readonly Settlement[]): Promise<readonly string[]> {
    const station = this.#stations.get(name)
    return station ? station.settle(settlements) : settlements.map(({ lease }) => lease)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // While what is under way can still be settled.
    await this.#desk?.close()
    await Promise.all([...this.#stations.values()].map((station) => station.close()))
    this.#exchange.close()
  }

  async #station(name: string): Promise<Station> {
    for (;;) {
      if (this.#closing) throw new HeddleError('HEDDLE_LOG_CLOSED', 'delivery is closed')
      const station = this.#stations.get(name) ?? this.#makeStation(name)
      this.#stations.set(name, station)
      try {
        await station.open()
      } catch (error) {
        if (this.#stations.get(name) === station) this.#stations.delete(name)
        throw error
      }
      if (!station.closed) return station
    }
  }

  /** @throws HEDDLE_LOG_UNKNOWN_TOPIC */
  async #offsets(topics: readonly string[], at: SubscriptionStart): Promise<CommittedOffset[]> {
    const offsets = await Promise.all(
      topics.map(async (topic) => {
        const partitions = await this.#log.partitions(topic)
        return Promise.all(
          partitions.map(async ({ partition, earliest, latest }) => ({
            topic,
            partition,
            offset:
              at === 'earliest'
                ? earliest
                : at === 'latest'
                  ? latest
                  : await this.#log.offsetAt({ topic, partition }, at.time),
          })),
        )
      }),
    )
    return offsets.flat()
  }

  async #backlog({ name, topics }: Subscription): Promise<number> {
    const [groups, partitions] = await Promise.all([
      this.#log.listGroups(),
      Promise.all(topics.map((topic) => this.#log.partitions(topic))),
    ])
    const committed = new Map(
      groups
        .find(({ group }) => group === groupOf(name))
        ?.offsets.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]),
    )
    return partitions
      .flat()
      .reduce(
        (sum, { topic, partition, earliest, latest }) =>
          sum + latest - Math.max(earliest, committed.get(`${topic}/${partition}`) ?? earliest),
        0,
      )
  }
}

/** @throws HEDDLE_SUBSCRIPTION_EXISTS */
function sameAs(found: Subscription, settings: SubscriptionSettings): Subscription {
  const differs = Object.entries(settings).find(
    ([name, value]) => JSON.stringify(found[name as keyof Subscription]) !== JSON.stringify(value),
  )
  if (!differs) return withoutSecrets(found)
  throw new HeddleError('HEDDLE_SUBSCRIPTION_EXISTS', `'${found.name}' has another ${differs[0]}`)
}
