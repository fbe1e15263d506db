import {
  type Clock,
  type Delivered,
  type Event,
  HeddleError,
  type LogRecord,
  type Settlement,
  type SubscriptionSettings,
} from '@heddle/core'
import { type Leased, type Settled, leasedChannel, settledChannel } from './channels.ts'
import { Deadlines } from './deadlines.ts'
import { expiresAt, keyOf, priorityOf, sizeOf } from './event-facts.ts'
import type { Item } from './item.ts'
import type { Lane } from './lane.ts'
import { ReadyList } from './ready-list.ts'
import { retryDelay } from './retry-delay.ts'

/** Who holds leases. */
export interface Holder {
  /** In the order in which they were given. */
  readonly leases: Set<string>
  readonly wants?: ((event: Event) => boolean) | undefined
  /** Without time limit. */
  readonly holds?: boolean | undefined
  /** Others are given nothing while it is there. */
  readonly exclusive?: boolean | undefined
  /** Most leases at once. */
  readonly prefetch?: number | undefined
  /** An exclusive one takes part: it is given nothing. */
  barred?: boolean
}

interface Lease {
  readonly id: string
  readonly item: Item
  readonly holder: Holder
}

export interface LedgerContext {
  readonly name: string
  /** Begins the id of each lease, and sets them apart from those of others. */
  readonly life: string
  readonly clock: Clock
  readonly random: () => number
  readonly settings: () => SubscriptionSettings
  /** There is more to give out. */
  readonly ready: () => void
  /** There is something to commit, soon. */
  readonly changed: () => void
  /** An event is given up: `finish` is called when its dead letter is durable. */
  readonly letter: (item: Item, error: unknown) => void
  /** A lane has room again. */
  readonly roomy: () => void
}

/**
 * What a process has of a subscription, in memory: which events are ready, given out, or wait, by key, lease and time. It knows
 * nothing of the log.
 */
export class Ledger {
  readonly #context: LedgerContext
  readonly #deadlines: Deadlines
  readonly #ready = new ReadyList()
  readonly #leases = new Map<string, Lease>()
  #leaseCount = 0
  #sequence = 0
  /** Bytes of all events that are open. */
  bytes = 0
  retrying = 0

  constructor(context: LedgerContext) {
    this.#context = context
    this.#deadlines = new Deadlines(context.clock)
  }

  get ready(): number {
    return this.#ready.size
  }

  get leased(): number {
    return this.#leases.size
  }

  /** Takes in a record that was read. The caller has found that it is wanted. */
  admit(lane: Lane, record: LogRecord, event: Event): void {
    const { order } = this.#context.settings()
    const before = lane.history(record.offset)
    const item: Item = {
      lane,
      offset: record.offset,
      record,
      event,
      key: keyOf(event, order),
      priority: priorityOf(event),
      sequence: this.#sequence++,
      bytes: sizeOf(record),
      attempts: before?.attempts ?? 0,
      dueAt: before?.dueAt ?? 0,
      redelivered: before !== undefined,
      state: 'behind',
      firstFailedAt: 0,
      deadline: undefined,
    }
    lane.open.set(item.offset, item)
    this.bytes += item.bytes
    if (item.key === undefined) return this.#offer(item)
    const queue = lane.keys.get(item.key)
    if (queue) return void queue.push(item)
    lane.keys.set(item.key, [item])
    this.#offer(item)
  }

  /** Gives out at most `max` events; none while too many are out. */
  lease(max: number, holder: Holder): readonly Delivered[] {
    if (holder.barred === true) return []
    const { clock, name, settings } = this.#context
    const { leaseMs, maxInFlight } = settings()
    const given: Delivered[] = []
    const now = clock.now()
    let again = 0
    let oldest = now
    for (
      let room = this.#roomFor(max, maxInFlight, holder);
      room > 0;
      room = this.#roomFor(max - given.length, maxInFlight, holder)
    ) {
      const items = this.#ready.take(room, holder.wants)
      if (items.length === 0) break
      for (const item of items) {
        if (this.#expired(item, now)) continue
        if (item.redelivered) again++
        oldest = Math.min(oldest, item.record.timestamp)
        given.push(this.#give(item, holder, holder.holds ? Number.POSITIVE_INFINITY : now + leaseMs))
      }
    }
    if (given.length > 0) {
      this.#context.changed()
      if (leasedChannel.hasSubscribers)
        leasedChannel.publish({
          subscription: name,
          events: given.length,
          again,
          ageMs: now - oldest,
        } satisfies Leased)
    }
    return given
  }

  #roomFor(
    max: number,
    maxInFlight: number,
    { leases, prefetch = Number.POSITIVE_INFINITY }: Holder,
  ): number {
    return Math.min(max, maxInFlight - this.#leases.size, prefetch - leases.size)
  }

  #give(item: Item, holder: Holder, leasedUntil: number): Delivered {
    const id = `${this.#context.life}-${(this.#leaseCount++).toString(36)}`
    const redelivered = item.redelivered
    item.state = 'leased'
    item.attempts++
    item.redelivered = true
    item.lane.leased++
    item.lane.touch(item.offset)
    this.#leases.set(id, { id, item, holder })
    holder.leases.add(id)
    this.#limit(id, item, leasedUntil)
    return {
      lease: id,
      event: item.event,
      record: item.record,
      topic: item.lane.topic,
      partition: item.lane.partition,
      offset: item.offset,
      publishedAt: item.record.timestamp,
      attempt: item.attempts,
      redelivered,
      leasedUntil,
    }
  }

  #limit(id: string, item: Item, until: number): void {
    this.#deadlines.drop(item.deadline)
    item.deadline = undefined
    if (until === Number.POSITIVE_INFINITY) return
    item.deadline = this.#deadlines.set(until, () => {
      this.#take(id)
      const detail = `offset ${item.offset} of ${item.lane.topic}/${item.lane.partition}`
      this.#fail(item, new HeddleError('HEDDLE_DELIVERY_TIMEOUT', detail), undefined, false)
      this.#context.changed()
    })
  }

  /** True when the lease was held. */
  settle(settlement: Settlement): boolean {
    const { lease: id } = settlement
    const item = this.#leases.get(id)?.item
    if (!item) return false
    if (settlement.as === 'extend') {
      this.#limit(id, item, this.#context.clock.now() + settlement.ms)
      return true
    }
    this.#take(id)
    switch (settlement.as) {
      case 'ack':
        this.finish(item, 'acked')
        break
      case 'release':
        this.#release(item)
        break
      case 'nack':
        this.#fail(
          item,
          new HeddleError('HEDDLE_DELIVERY_REFUSED', settlement.reason ?? ''),
          settlement.delayMs,
          settlement.giveUp ?? false,
        )
    }
    return true
  }

  /** Gives back all that a holder has. @param clean False when the oldest of them was perhaps what it broke on. */
  dismiss(holder: Holder, clean: boolean): void {
    let culprit = !clean
    for (const id of holder.leases) {
      const item = this.#take(id)
      if (culprit) {
        const reason = 'the consumer went away while it had the event'
        this.#fail(item, new HeddleError('HEDDLE_DELIVERY_REFUSED', reason), 0, false)
      } else this.#release(item)
      culprit = false
    }
    this.#context.changed()
  }

  /** It is done, for good. */
  finish(item: Item, outcome: Settled['outcome']): void {
    const { lane, key } = item
    if (item.state === 'ready') this.#ready.remove(item)
    item.state = 'done'
    lane.open.delete(item.offset)
    lane.touch(item.offset)
    this.bytes -= item.bytes
    this.told(outcome, 1)
    if (key !== undefined) {
      const queue = lane.keys.get(key)!
      queue.shift()
      if (queue.length === 0) lane.keys.delete(key)
      else this.#offer(queue[0]!)
    }
    this.#context.roomy()
  }

  told(outcome: Settled['outcome'], events: number): void {
    if (events > 0 && settledChannel.hasSubscribers)
      settledChannel.publish({ subscription: this.#context.name, outcome, events } satisfies Settled)
  }

  /** Nothing of it is given out any more, except what is. */
  withhold(lane: Lane): void {
    for (const item of lane.open.values()) if (item.state === 'ready') this.#ready.remove(item)
  }

  /** It is another process's now. */
  forget(lane: Lane): void {
    lane.gone = true
    for (const [id, { item }] of this.#leases) if (item.lane === lane) this.#take(id)
    for (const item of lane.open.values()) {
      if (item.state === 'ready') this.#ready.remove(item)
      if (item.state === 'waiting') this.retrying--
      this.#deadlines.drop(item.deadline)
      item.state = 'done'
      this.bytes -= item.bytes
    }
    lane.open.clear()
    lane.keys.clear()
  }

  close(): void {
    this.#deadlines.clear()
  }

  /** Ends a lease. */
  #take(id: string): Item {
    const { item, holder } = this.#leases.get(id)!
    this.#leases.delete(id)
    holder.leases.delete(id)
    this.#deadlines.drop(item.deadline)
    item.deadline = undefined
    const { lane } = item
    lane.dirty = true
    if (--lane.leased === 0) lane.idle?.()
    // Others may have waited for `maxInFlight`.
    this.#context.ready()
    return item
  }

  #release(item: Item): void {
    item.attempts--
    this.told('released', 1)
    this.#offer(item)
  }

  #fail(item: Item, error: unknown, delayMs: number | undefined, giveUp: boolean): void {
    const { clock, letter, random, settings } = this.#context
    const { retry } = settings()
    const now = clock.now()
    if (item.firstFailedAt === 0) item.firstFailedAt = now
    const wait = delayMs ?? retryDelay(retry, item.attempts, random)
    const late = retry.withinMs !== undefined && now + wait > item.record.timestamp + retry.withinMs
    if (giveUp || late || (retry.attempts > 0 && item.attempts >= retry.attempts)) {
      item.state = 'letter'
      return letter(item, error)
    }
    item.dueAt = wait > 0 ? now + wait : 0
    this.told('retried', 1)
    this.#offer(item)
  }

  /** It is the first of its key: it can be given out, now or when it is due. */
  #offer(item: Item): void {
    const { clock, ready } = this.#context
    if (item.lane.leaving) return
    if (item.dueAt > clock.now()) {
      item.state = 'waiting'
      this.retrying++
      item.deadline = this.#deadlines.set(item.dueAt, () => {
        this.retrying--
        item.state = 'behind'
        item.deadline = undefined
        this.#offer(item)
      })
      return
    }
    item.dueAt = 0
    item.state = 'ready'
    this.#ready.add(item)
    ready()
  }

  /** Too old to be given out; then that is taken care of. */
  #expired(item: Item, now: number): boolean {
    const { expired, maxAgeMs } = this.#context.settings()
    const at = Math.min(expiresAt(item.event), item.record.timestamp + (maxAgeMs ?? Number.POSITIVE_INFINITY))
    if (now < at) return false
    item.state = 'letter'
    if (expired === 'drop') this.finish(item, 'expired')
    else {
      item.firstFailedAt ||= now
      this.#context.letter(
        item,
        new HeddleError('HEDDLE_DELIVERY_EXPIRED', `since ${new Date(at).toISOString()}`),
      )
    }
    this.#context.changed()
    return true
  }
}
