import { bufferFull, closed } from './client-error.ts'
import { type EventInit, eventText } from './event.ts'
import { type ClientOptions, settingsOf } from './options.ts'
import { type Published, Publisher } from './publisher.ts'
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
  /** Ends subscriptions, waits until all that was published has its answer, and takes no more. */
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
    async close() {
      isClosed = true
      reading.abort()
      await Promise.allSettled(pending)
    },
  }
}

const isList = (events: EventInit | readonly EventInit[]): events is readonly EventInit[] =>
  Array.isArray(events)
