import { bufferFull, closed } from './client-error.ts'
import { type DurableSubscription, durableSubscription } from './durable-subscription.ts'
import { type Event, type EventInit, eventText } from './event.ts'
import { type ClientOptions, settingsOf } from './options.ts'
import { type Published, Publisher } from './publisher.ts'
import { type RequestOptions, replyTo, request } from './request.ts'
import { type Schedules, schedules } from './schedules.ts'
import { type Received, type SubscribeOptions, subscription } from './subscription.ts'

/** What became of one event of several: it is durable, or it was refused. */
export type PublishResult = PromiseSettledResult<Published>

export interface Client {
  /**
   * Publishes an event; resolves when it is durable. Sent again when the gateway is busy or out of reach, stored once.
   * @throws ClientError
   * @example await client.publish('orders', { type: 'order.placed', source: '/shop', data: { total: 12 } })
   */
  publish(topic: string, event: EventInit): Promise<Published>
  /** Publishes events, in order; resolves with a result for each, in order, and does not reject for refused ones. */
  publish(topic: string, events: readonly EventInit[]): Promise<readonly PublishResult[]>
  /**
   * Follows a topic. Leaving the loop ends the connection.
   * @throws ClientError for what another attempt would not change; anything else is tried again.
   * @example
   * for await (const { event, cursor } of client.subscribe<Order>('orders', { from: 'earliest' })) {
   *   await handle(event.data)
   *   await store(cursor) // later: subscribe('orders', { cursor })
   * }
   */
  subscribe<T = unknown>(topic: string, options?: SubscribeOptions): AsyncIterableIterator<Received<T>>
  /**
   * A durable subscription, whose events are shared by its consumers, settled one by one, and tried again. Nothing is asked by this.
   * @example await client.subscription('mails').work((event) => send(event.data), { concurrency: 16 })
   */
  subscription(name: string): DurableSubscription
  /**
   * Publishes an event to a topic, and resolves with the reply to it.
   * @throws ClientError HEDDLE_REQUEST_TIMEOUT when none came in time.
   * @example const { data } = await client.request<Price>('prices', { type: 'price.asked', data: { item: 7 } })
   */
  request<T = unknown>(topic: string, event: EventInit, options?: RequestOptions): Promise<Event<T>>
  /**
   * Publishes the reply to an event that was a request; resolves when it is durable.
   * @throws ClientError; RangeError when the event is no request.
   * @example await client.subscription('prices').work((event) => client.reply(event, { type: 'price', data: 12 }))
   */
  reply(request: Event, event: EventInit): Promise<Published>
  /**
   * Events that are sent later: those that were published with `deliverafter` and the like.
   * @example
   * const { schedule } = await client.publish('reminders', { type: 'tea', deliverafter: '10m' })
   * await client.schedules.cancel(schedule!)
   */
  readonly schedules: Schedules
  /** Ends subscriptions and pulls, waits until all that was published has its answer, and takes no more. */
  close(): Promise<void>
}

/**
 * Makes a client of a gateway. It opens connections when they are needed, and needs nothing but `fetch`.
 * @example const client = createClient({ url: 'http://localhost:4333' })
 */
export function createClient(options: ClientOptions): Client {
  const settings = settingsOf(options)
  const publishers = new Map<string, Publisher>()
  const pending = new Set<Promise<unknown>>()
  const reading = new AbortController()
  let isClosed = false

  const send = (topic: string, json: string): Promise<Published> => {
    let publisher = publishers.get(topic)
    if (!publisher) publishers.set(topic, (publisher = new Publisher(settings, topic)))
    const answer = publisher.add(json)
    pending.add(answer)
    const forget = (): void => void pending.delete(answer)
    answer.then(forget, forget)
    return answer
  }

  async function publish(
    topic: string,
    events: EventInit | readonly EventInit[],
  ): Promise<Published | readonly PublishResult[]> {
    if (isClosed) throw closed()
    const several = isList(events)
    if (pending.size + (several ? events.length : 1) > settings.maxPendingEvents)
      throw bufferFull(settings.maxPendingEvents)
    if (!several) return await send(topic, eventText(events))
    // All are written before the first is sent: one that cannot be written as JSON rejects the call, and none is sent.
    const texts = events.map((event) => eventText(event))
    return await Promise.allSettled(texts.map((json) => send(topic, json)))
  }

  return {
    publish: publish as Client['publish'],
    subscribe: <T>(topic: string, subscribeOptions: SubscribeOptions = {}) =>
      subscription<T>(settings, topic, subscribeOptions, reading.signal),
    subscription: (name) => durableSubscription(settings, name, reading.signal),
    async request<T>(topic: string, event: EventInit, requestOptions: RequestOptions = {}) {
      if (isClosed) throw closed()
      return await request<T>(settings, topic, event, requestOptions)
    },
    async reply(asked, init) {
      const { event, topic } = replyTo(asked, init)
      return await (publish(topic, event) as Promise<Published>)
    },
    schedules: schedules(settings),
    async close() {
      isClosed = true
      reading.abort()
      await Promise.allSettled(pending)
    },
  }
}

const isList = (events: EventInit | readonly EventInit[]): events is readonly EventInit[] =>
  Array.isArray(events)
