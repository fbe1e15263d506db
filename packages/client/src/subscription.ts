/**
 * Follows a topic over Server-Sent Events, and connects again when the connection is lost: from the event after the last
 * one that was handed over, so that none is lost and none comes twice.
 *
 * @module
 */
import { ClientError, type Problem, errorOf, isRetryable, unreachable } from './client-error.ts'
import { type Event, readEvent } from './event.ts'
import { type Settings, topicUrl } from './options.ts'
import { type RetryOptions, backoffOf, pause, retryAfterMs } from './retry.ts'
import { SseParser } from './sse.ts'

export interface SubscribeOptions {
  /** Where to begin: `earliest`, `latest`, an RFC 3339 time, or milliseconds since 1970. Default `latest`. */
  readonly from?: 'earliest' | 'latest' | (string & {}) | number | Date
  /** Go on where an earlier subscription ended: the `cursor` of the last event that was handled. */
  readonly cursor?: string
  /** Only this partition. */
  readonly partition?: number
  /** A CEL expression over `event`, evaluated by the gateway: `event.type == 'push'`. */
  readonly filter?: string
  /** Ends the iteration. */
  readonly signal?: AbortSignal
  /** Attempts to connect in a row; without limit unless given. */
  readonly retry?: RetryOptions
}

/** An event, and where it was. */
export interface Received<T = unknown> {
  readonly event: Event<T>
  readonly partition: number
  readonly offset: number
  /** Where to go on after this event, over all partitions: store it, and give it to `subscribe` later. */
  readonly cursor: string
}

/**
 * The events of a topic, one by one. Nothing is read ahead of a consumer but what the connection buffers.
 * @throws ClientError for what another attempt would not change: an unknown topic, a filter that is not valid, 403, 416.
 */
export async function* subscription<T>(
  settings: Settings,
  topic: string,
  options: SubscribeOptions,
  closing: AbortSignal,
): AsyncGenerator<Received<T>, void, undefined> {
  const signal = options.signal ? AbortSignal.any([options.signal, closing]) : closing
  const backoff = backoffOf(
    { ...settings.retry, attempts: Number.POSITIVE_INFINITY, ...options.retry },
    Number.POSITIVE_INFINITY,
  )
  let { cursor } = options
  let failures = 0
  while (!signal.aborted) {
    const connection = new Connection(settings, topic, options, signal)
    let waitMs = 0
    try {
      for await (const message of connection.messages(cursor)) {
        cursor = message.id === '' ? cursor : message.id
        failures = 0
        if (message.event === 'closed') throw new ClientError(JSON.parse(message.data!) as Problem)
        if (message.data === undefined) continue
        const { offset, partition } = placeOf(message.id)
        yield { event: readEvent<T>(message.data), partition, offset, cursor: message.id }
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ClientError) || !isRetryable(error)) throw error
      if (++failures >= backoff.attempts) throw error
      waitMs = connection.retryAfterMs
    }
    // An end without a word: a proxy or a restart.
    if (failures === 0) failures = 1
    await pause(Math.max(waitMs, backoff.after(failures)), signal)
  }
}

/** The first entry of a cursor is the event's partition, with the offset after it. */
function placeOf(cursor: string): { partition: number; offset: number } {
  const [partition, next] = cursor.split(',', 1)[0]!.split(':').map(Number)
  return { partition: partition!, offset: next! - 1 }
}

interface Message {
  readonly event: string
  readonly data: string | undefined
  readonly id: string
}

/** One connection of a subscription. */
class Connection {
  /** What the gateway said to wait before the next one. */
  retryAfterMs = 0
  readonly #settings: Settings
  readonly #url: string
  readonly #signal: AbortSignal

  constructor(
    settings: Settings,
    topic: string,
    { filter, from, partition }: SubscribeOptions,
    signal: AbortSignal,
  ) {
    this.#settings = settings
    this.#signal = signal
    const query = new URLSearchParams()
    if (from !== undefined) query.set('from', from instanceof Date ? from.toISOString() : String(from))
    if (partition !== undefined) query.set('partition', String(partition))
    if (filter !== undefined) query.set('filter', filter)
    this.#url = `${topicUrl(settings, topic)}?${query}`
  }

  /** @throws ClientError when it cannot connect, or is cut off. */
  async *messages(cursor: string | undefined): AsyncGenerator<Message> {
    const settings = this.#settings
    const { idleTimeoutMs } = settings
    const hangUp = new AbortController()
    const signal = AbortSignal.any([this.#signal, hangUp.signal])
    let timer: ReturnType<typeof setTimeout> | undefined
    // Only while something is awaited: a consumer that takes its time is not a silent gateway.
    const within = async <R>(promise: Promise<R>): Promise<R> => {
      timer = setTimeout(() => hangUp.abort(new Error(`nothing came for ${idleTimeoutMs} ms`)), idleTimeoutMs)
      try {
        return await promise
      } catch (error) {
        throw error instanceof ClientError ? error : unreachable(error)
      } finally {
        clearTimeout(timer)
      }
    }
    try {
      const response = await within(
        settings.fetch(this.#url, {
          headers: {
            ...settings.headers(),
            accept: 'text/event-stream',
            ...(cursor === undefined ? undefined : { 'last-event-id': cursor }),
          },
          cache: 'no-store',
          signal,
        }),
      )
      if (!response.ok || !response.body) {
        this.retryAfterMs = retryAfterMs(response.headers)
        throw await errorOf(response)
      }
      const reader = response.body.getReader()
      const decoder = new TextDecoder()
      const parser = new SseParser()
      for (;;) {
        const { done, value } = await within(reader.read())
        if (done) return
        yield* parser.push(decoder.decode(value, { stream: true }))
      }
    } finally {
      // Also when the consumer leaves its loop: the connection does not stay open behind it.
      hangUp.abort()
    }
  }
}
