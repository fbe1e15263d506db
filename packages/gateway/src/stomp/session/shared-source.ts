/**
 * Messages of a queue, or of a durable subscription: shared with other consumers, kept until they are acknowledged.
 *
 * @module
 */
import {
  type Consumer,
  type Delivered,
  type Delivery,
  type Event,
  type SignalLike,
  type SubscriptionStart,
  isHeddleError,
} from '@heddle/core'
import { type MessagePlace, lookup, messageIn } from '../message/message.ts'
import type { Selector } from '../selector/selector.ts'
import type { Given, Source } from './source.ts'

/** How long one wait for messages lasts, in milliseconds. It could be any; 60 s costs nothing. */
const waitMs = 60_000

/** A subscription that is made when it is missing, and taken as it is when it is there. */
export interface SharedSubscription {
  readonly name: string
  readonly topics: readonly string[]
  readonly from: SubscriptionStart
}

export interface SharedSourceOptions extends SharedSubscription {
  readonly selector: Selector | undefined
  /** What the selector does not want: `leave` it to other consumers of a queue, or `drop` it, for the only one there is. */
  readonly unwanted: 'leave' | 'drop'
  /** Name of the queue, when it has messages of other topics than its own. */
  readonly queue: string | undefined
  /** While it is there, others of this process are given nothing. */
  readonly exclusive: boolean
}

/** @throws HEDDLE_SUBSCRIPTION_INVALID, and what the log throws. */
export async function openSharedSource(delivery: Delivery, options: SharedSourceOptions): Promise<Source> {
  const { exclusive, name, selector, unwanted, queue } = options
  await ensureSubscription(delivery, options)
  const wants = (event: Event): boolean =>
    selector!((header) => lookup(messageIn(event, nowhere, queue), header))
  const consumer = await delivery.consumer(name, {
    holds: true,
    exclusive,
    ...(selector && unwanted === 'leave' && { wants }),
  })
  return new SharedSource(consumer, unwanted === 'drop' ? selector : undefined, queue)
}

/** @throws HEDDLE_SUBSCRIPTION_INVALID, and what the log throws. */
export async function ensureSubscription(
  delivery: Delivery,
  { from, name, topics }: SharedSubscription,
): Promise<void> {
  // Given out without end, as ActiveMQ does: only a NACK makes a dead letter.
  const settings = {
    topics,
    maxInFlight: 10_000,
    retry: { attempts: 0, initialMs: 0, factor: 1, maxMs: 0, jitter: 0 },
    expired: 'dead-letter' as const,
  }
  try {
    await delivery.create(name, settings, from)
  } catch (error) {
    if (!isHeddleError(error, 'HEDDLE_SUBSCRIPTION_EXISTS')) throw error
    // Somebody changed its settings, and may. Other topics are another subscription: as in ActiveMQ, it begins anew.
    const there = await delivery.describe(name)
    if (there.topics.length === topics.length && topics.every((one) => there.topics.includes(one))) return
    await delivery.delete(name)
    await delivery.create(name, settings, from)
  }
}

class SharedSource implements Source {
  readonly #consumer: Consumer
  readonly #selector: Selector | undefined
  readonly #queue: string | undefined
  /** Something was settled that is perhaps not durable yet. */
  #owes = false

  constructor(consumer: Consumer, selector: Selector | undefined, queue: string | undefined) {
    this.#consumer = consumer
    this.#selector = selector
    this.#queue = queue
  }

  async next(max: number, signal: SignalLike): Promise<readonly Given[]> {
    const given: Given[] = []
    const unwanted: string[] = []
    for (const one of await this.#consumer.receive({ max, waitMs, signal })) {
      const message = messageIn(one.event, placeOf(one), this.#queue)
      if (this.#selector && !this.#selector((header) => lookup(message, header))) unwanted.push(one.lease)
      else given.push({ message, lease: one.lease })
    }
    if (unwanted.length > 0) await this.settle(unwanted, 'ack', true)
    return given
  }

  settle(leases: readonly string[], as: 'ack' | 'refuse', soon: boolean): Promise<readonly string[]> {
    this.#owes ||= soon
    return this.#consumer.settle(
      leases.map((lease) =>
        as === 'ack'
          ? { lease, as }
          : { lease, as: 'nack', giveUp: true, reason: 'a STOMP client sent NACK' },
      ),
      { soon },
    )
  }

  async close(clean: boolean): Promise<void> {
    if (clean && this.#owes) await this.#consumer.settle([])
    await this.#consumer.close({ clean })
  }
}

// What an event was read from is asked for here only to name it.
const nowhere: MessagePlace = { topic: '', partition: 0, offset: 0, timestamp: 0, redelivered: false }

const placeOf = ({ offset, partition, publishedAt, redelivered, topic }: Delivered): MessagePlace => ({
  topic,
  partition,
  offset,
  timestamp: publishedAt,
  redelivered,
})
