/**
 * One WebSocket: gives events out as far as there is credit, and takes publishes in.
 *
 * @module
 */
import type { Principal, Resource } from '@heddle/core'
import type { WebSocket } from 'ws'
import { structuredEvent } from '../cloudevents/structured.ts'
import { publishChannel, readChannel } from '../http/channels.ts'
import type { GatewayContext } from '../http/context.ts'
import { once, placeText } from '../http/publish/place.ts'
import type { Feed, FeedItem } from '../http/read/feed.ts'
import { throttle } from '../http/read/throttle.ts'
import { readMessage } from './messages.ts'
import { Peer, servePeer } from './peer.ts'

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
export function serveSocket(
  context: GatewayContext,
  webSocket: WebSocket,
  reader: SocketReader,
): Promise<void> {
  const peer = new Peer(context, webSocket)
  const socket = new ServedSocket(context, peer, reader)
  return servePeer(context, peer, { topic: reader.topic }, () => socket.run())
}

class ServedSocket {
  readonly #context: GatewayContext
  readonly #peer: Peer
  readonly #reader: SocketReader
  readonly #resource: Resource
  readonly #signal: AbortSignal
  #credit: number
  #granted: (() => void) | undefined
  #publishes = 0

  constructor(context: GatewayContext, peer: Peer, reader: SocketReader) {
    this.#context = context
    this.#peer = peer
    this.#reader = reader
    this.#resource = { type: 'topic', name: reader.topic }
    this.#credit = reader.credit
    this.#signal = peer.signal
    peer.receive((bytes) => this.#receive(bytes))
  }

  async run(): Promise<void> {
    const { access, clock, limits } = this.#context
    const { feed, principal, topic } = this.#reader
    const signal = this.#signal
    await this.#peer.send(`{"type":"open","cursor":"${feed.cursor}"}`)
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
        await this.#peer.send(`{"type":"heartbeat","cursor":"${feed.cursor}"}`)
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
      for (; at < end - 1; at++) this.#peer.post(itemText(items[at]!))
      await this.#peer.send(itemText(items[at++]!))
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

  #receive(bytes: Buffer): void {
    const message = readMessage(bytes)
    if (message.type === 'publish') return void this.#publish(message.ref, message.event)
    this.#credit = Math.min(this.#credit + message.events, this.#context.limits.maxSocketCredit)
    this.#granted?.()
  }

  async #publish(ref: unknown, bytes: Buffer): Promise<void> {
    const began = performance.now()
    const { access, limits, load, log } = this.#context
    const { socket } = this.#peer
    const { principal, topic, traceparent } = this.#reader
    // Not read on is what tells a sender to wait.
    if (++this.#publishes >= limits.maxSocketPublishes) socket.pause()
    load.bytes += bytes.length
    try {
      const { id, record } = structuredEvent(bytes, traceparent)
      if (!access.open) {
        await access.allow(principal, 'publish', this.#resource)
        await access.charge(principal, { events: 1, bytes: bytes.length }, this.#resource)
      }
      const [place] = await log.append(topic, [record], once)
      this.#peer.post(
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
      this.#peer.refuse(ref, error)
    } finally {
      load.bytes -= bytes.length
      if (--this.#publishes < limits.maxSocketPublishes && socket.isPaused) socket.resume()
    }
  }
}

const itemText = ({ cursor, json, offset, partition }: FeedItem): string =>
  `{"type":"event","partition":${partition},"offset":${offset},"cursor":"${cursor}","event":${json}}`
