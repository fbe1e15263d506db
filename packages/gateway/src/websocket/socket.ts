/**
 * One WebSocket: gives events out as far as there is credit, and takes publishes in.
 *
 * @module
 */
import { HeddleError, type Principal, type Resource, isHeddleError } from '@heddle/core'
import type { RawData, WebSocket } from 'ws'
import { structuredEvent } from '../cloudevents/structured.ts'
import { publishChannel, readChannel, streamChannel } from '../http/channels.ts'
import type { GatewayContext } from '../http/context.ts'
import { type Problem, problemOf } from '../http/problem.ts'
import { once, placeText } from '../http/publish/place.ts'
import type { Feed, FeedItem } from '../http/read/feed.ts'
import { throttle } from '../http/read/throttle.ts'
import { readMessage } from './messages.ts'

/** Who reads what, as the upgrade was admitted. */
export interface SocketReader {
  readonly topic: string
  readonly principal: Principal
  readonly feed: Feed
  /** Events that may be sent before the first grant. */
  readonly credit: number
  readonly traceparent: unknown
}

/** Serves the socket until it is closed. Does not throw. */
export async function serveSocket(
  context: GatewayContext,
  webSocket: WebSocket,
  reader: SocketReader,
): Promise<void> {
  const { load, stopping } = context
  const { topic } = reader
  const socket = new ServedSocket(context, webSocket, reader)
  if (streamChannel.hasSubscribers)
    streamChannel.publish({ topic, form: 'websocket', state: 'opened', open: load.streams })
  let problem: Problem | undefined
  try {
    await socket.run()
  } catch (error) {
    problem = problemOf(error)
  }
  if (stopping.aborted) {
    problem ??= problemOf(
      new HeddleError(
        'HEDDLE_HTTP_UNAVAILABLE',
        'the gateway is stopping: connect again, and go on from the last cursor',
      ),
    )
  }
  socket.close(problem)
  load.streams--
  if (streamChannel.hasSubscribers) {
    streamChannel.publish({
      topic,
      form: 'websocket',
      state: 'closed',
      reason: problem?.code ?? 'gone',
      open: load.streams,
    })
  }
}

class ServedSocket {
  readonly #context: GatewayContext
  readonly #socket: WebSocket
  readonly #reader: SocketReader
  readonly #resource: Resource
  readonly #gone = new AbortController()
  readonly #signal: AbortSignal
  #credit: number
  #granted: (() => void) | undefined
  #publishes = 0
  /** Pings that were not answered. */
  #unanswered = 0

  constructor(context: GatewayContext, socket: WebSocket, reader: SocketReader) {
    this.#context = context
    this.#socket = socket
    this.#reader = reader
    this.#resource = { type: 'topic', name: reader.topic }
    this.#credit = reader.credit
    this.#signal = AbortSignal.any([this.#gone.signal, context.stopping])
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('close', () => this.#gone.abort())
    // A broken frame or a reset; 'close' follows.
    socket.on('error', () => this.#gone.abort())
    socket.on('pong', () => (this.#unanswered = 0))
  }

  async run(): Promise<void> {
    const beat = this.#heartbeats()
    try {
      await this.#give()
    } finally {
      beat.clear()
    }
  }

  /** Says why, when there is a reason, and closes; cuts off a peer that does not answer. */
  close(problem: Problem | undefined): void {
    if (problem) this.#socket.send(`{"type":"closing","error":${JSON.stringify(problem)}}`)
    this.#socket.close(closeCode(problem), problem?.code)
    const { clock, limits } = this.#context
    const timer = clock.after(limits.stallMs, () => this.#socket.terminate())
    this.#socket.on('close', () => timer.clear())
  }

  async #give(): Promise<void> {
    const { access, clock, limits } = this.#context
    const { feed, principal, topic } = this.#reader
    const signal = this.#signal
    await this.#send(`{"type":"open","cursor":"${feed.cursor}"}`)
    let refreshed = clock.now()
    while (!signal.aborted) {
      if (this.#credit === 0) {
        await this.#grant()
        continue
      }
      const { items, records } = await feed.next({
        maxBytes: limits.streamChunkBytes,
        waitMs: limits.heartbeatMs,
        signal,
      })
      if (items.length > 0) {
        const bytes = items.reduce((sum, { json }) => sum + json.length, 0)
        await throttle(access, principal, { events: items.length, bytes }, this.#resource, clock, signal)
        await this.#giveItems(items)
        if (readChannel.hasSubscribers)
          readChannel.publish({ topic, form: 'websocket', events: items.length, bytes })
      } else if (records === 0 && !signal.aborted)
        await this.#send(`{"type":"heartbeat","cursor":"${feed.cursor}"}`)
      if (clock.now() - refreshed >= limits.heartbeatMs) {
        refreshed = clock.now()
        await feed.refresh()
      }
    }
  }

  // A read may bring more than there is credit for: what is over waits here, at most streamChunkBytes of it.
  async #giveItems(items: readonly FeedItem[]): Promise<void> {
    let at = 0
    while (at < items.length && !this.#signal.aborted) {
      if (this.#credit === 0) {
        await this.#grant()
        continue
      }
      const end = Math.min(items.length, at + this.#credit)
      this.#credit -= end - at
      // The network takes them in order: when it has the last, it has all.
      for (; at < end - 1; at++) this.#socket.send(itemText(items[at]!), nothing)
      await this.#send(itemText(items[at++]!))
    }
  }

  /** Waits for credit, or the end. */
  #grant(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#granted = undefined
        this.#signal.removeEventListener('abort', done)
        resolve()
      }
      this.#granted = done
      this.#signal.addEventListener('abort', done)
    })
  }

  /**
   * Sends; resolves when the network has taken it.
   * @throws HEDDLE_HTTP_READER_STALLED
   */
  #send(text: string): Promise<void> {
    const { clock, limits } = this.#context
    return new Promise((resolve, reject) => {
      const timer = clock.after(limits.stallMs, () =>
        reject(new HeddleError('HEDDLE_HTTP_READER_STALLED', `nothing was taken for ${limits.stallMs} ms`)),
      )
      // An error means that it has gone; 'close' says so too.
      this.#socket.send(text, () => {
        timer.clear()
        resolve()
      })
    })
  }

  #receive(data: RawData, isBinary: boolean): void {
    let ref: unknown
    try {
      if (isBinary) throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'messages are text')
      const message = readMessage(data as Buffer)
      if (message.type === 'credit') {
        this.#credit = Math.min(this.#credit + message.events, this.#context.limits.maxSocketCredit)
        this.#granted?.()
        return
      }
      ref = message.ref
      void this.#publish(ref, message.event)
    } catch (error) {
      if (isHeddleError(error)) ref ??= error.info['ref']
      this.#refuse(ref, error)
    }
  }

  async #publish(ref: unknown, bytes: Buffer): Promise<void> {
    const began = performance.now()
    const { access, limits, load, log } = this.#context
    const { principal, topic, traceparent } = this.#reader
    // Not read on is what tells a sender to wait.
    if (++this.#publishes >= limits.maxSocketPublishes) this.#socket.pause()
    load.bytes += bytes.length
    try {
      const { id, record } = structuredEvent(bytes, traceparent)
      if (!access.open) {
        await access.allow(principal, 'publish', this.#resource)
        await access.charge(principal, { events: 1, bytes: bytes.length }, this.#resource)
      }
      const [place] = await log.append(topic, [record], once)
      this.#socket.send(
        `{"type":"published","ref":${JSON.stringify(ref ?? null)},${placeText(topic, id, place!).slice(1)}`,
      )
      if (publishChannel.hasSubscribers) {
        const duplicates = place!.duplicate ? 1 : 0
        publishChannel.publish({
          topic,
          mode: 'websocket',
          events: 1,
          duplicates,
          failed: 0,
          bytes: bytes.length,
          ms: performance.now() - began,
        })
      }
    } catch (error) {
      this.#refuse(ref, error)
    } finally {
      load.bytes -= bytes.length
      if (--this.#publishes < limits.maxSocketPublishes && this.#socket.isPaused) this.#socket.resume()
    }
  }

  #refuse(ref: unknown, error: unknown): void {
    this.#socket.send(
      `{"type":"refused","ref":${JSON.stringify(ref ?? null)},"error":${JSON.stringify(problemOf(error))}}`,
    )
  }

  /** Pings, so that a peer that vanished without a word is noticed: two unanswered ones end it. */
  #heartbeats(): { clear(): void } {
    const { clock, limits } = this.#context
    let timer = clock.after(limits.heartbeatMs, beat)
    const ping = (): void => this.#ping()
    function beat(): void {
      ping()
      timer = clock.after(limits.heartbeatMs, beat)
    }
    return { clear: () => timer.clear() }
  }

  #ping(): void {
    if (++this.#unanswered > 2) this.#socket.terminate()
    else if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }
}

// That it has gone, 'close' says.
const nothing = (): undefined => undefined

const itemText = ({ cursor, json, offset, partition }: FeedItem): string =>
  `{"type":"event","partition":${partition},"offset":${offset},"cursor":"${cursor}","event":${json}}`

/** RFC 6455 § 7.4.1, and 1013 of its registry: try again later. */
function closeCode(problem: Problem | undefined): number {
  if (!problem) return 1000
  if (problem.code === 'HEDDLE_HTTP_UNAVAILABLE') return 1001
  return problem.code === 'HEDDLE_HTTP_READER_STALLED' ? 1013 : 1011
}
