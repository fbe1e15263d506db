import type { Frame } from '../frame/frame.ts'
/**
 * A SUBSCRIBE: takes messages from its sources as far as there is credit, and keeps account of those that are not acknowledged.
 *
 * @module
 */
import { type Message, messageFrame } from '../message/message.ts'
import type { Given, Source } from './source.ts'
import type { Opened } from './subscribe.ts'

/** Most messages that are written together. 100: each further one saves little, and all are held until the network has them. */
const atOnce = 100

export type AckMode = 'auto' | 'client' | 'client-individual'

/** A message that the client has, and has not settled. */
export interface Held {
  readonly subscription: Subscription
  readonly source: Source
  /** What the client settles it by: the `ack` header in STOMP 1.2, the message's id before. */
  readonly key: string
  readonly messageId: string
  readonly lease: string | undefined
}

export interface SubscriptionOptions {
  /** The client's `id`; a client of STOMP 1.0 may give none. */
  readonly id: string | undefined
  readonly destination: string
  readonly mode: AckMode
  /** Messages that may be held. */
  readonly prefetch: number
  /** A new key for `ack`, or `undefined` where messages are known by their ids. */
  readonly newAck: () => string | undefined
  /** Sends; resolves when the network has taken them, with false when it will not: the connection ends. */
  readonly send: (frames: readonly Frame[]) => Promise<boolean>
  /** A message as this client wants it. */
  readonly transform: (message: Message) => Message
  /** A source failed: nothing more comes from it. */
  readonly failed: (error: unknown) => void
  /** Messages were given. */
  readonly given: (messages: readonly Message[]) => void
}

export class Subscription {
  readonly options: SubscriptionOptions
  /** By their keys, in the order in which they were given. */
  readonly #held = new Map<string, Held>()
  /** Acknowledged in a transaction that is open. */
  #reserved = 0
  readonly #sources: Source[]
  readonly #watch: Opened['watch']
  readonly #closing = new AbortController()
  #credited: (() => void)[] = []
  readonly #loops: Promise<void>[] = []

  constructor(options: SubscriptionOptions, { sources, watch }: Opened) {
    this.options = options
    this.#sources = [...sources]
    this.#watch = watch
  }

  /** Begins to give messages. */
  start(): void {
    for (const source of this.#sources) this.#loops.push(this.#run(source))
    this.#watch?.((source) => this.#add(source), this.#closing.signal)
  }

  /** What ACK and NACK of this key are about: in mode `client` an ACK is about all that were given before, too. */
  settledBy(key: string, nack: boolean): Held[] | undefined {
    const last = this.#held.get(key)
    if (!last) return undefined
    if (nack || this.options.mode !== 'client') return [last]
    const all: Held[] = []
    for (const held of this.#held.values()) {
      all.push(held)
      if (held === last) break
    }
    return all
  }

  /** Takes them out of what is held; `reserve` until it is known whether their transaction is committed. */
  take(all: readonly Held[], reserve: boolean): void {
    for (const { key } of all) this.#held.delete(key)
    if (reserve) this.#reserved += all.length
    else this.#credit()
  }

  /** A transaction has ended: they are `kept`, to be settled again, or done. */
  release(all: readonly Held[], kept: boolean): void {
    this.#reserved -= all.length
    if (kept) {
      // They come before those that were given since.
      const later = [...this.#held]
      this.#held.clear()
      for (const held of all) this.#held.set(held.key, held)
      for (const [key, held] of later) this.#held.set(key, held)
    }
    this.#credit()
  }

  /** Ends it; what is held is given back. */
  async close(clean: boolean): Promise<void> {
    this.#closing.abort()
    this.#credit()
    this.#held.clear()
    await Promise.all(this.#loops)
    await Promise.all(this.#sources.map((source) => source.close(clean)))
  }

  #add(source: Source): void {
    if (this.#closing.signal.aborted) return void source.close(true)
    this.#sources.push(source)
    this.#loops.push(this.#run(source))
  }

  async #run(source: Source): Promise<void> {
    const { failed, prefetch, mode } = this.options
    const { signal } = this.#closing
    try {
      while (!signal.aborted) {
        const credit = prefetch - this.#held.size - this.#reserved
        if (credit <= 0) {
          await new Promise<void>((resolve) => this.#credited.push(resolve))
          continue
        }
        const given = await source.next(Math.min(credit, atOnce), signal)
        if (given.length === 0 || signal.aborted) continue
        if (!(await this.#give(source, given))) return
        // At most once from here on, as in ActiveMQ: the network has them.
        if (mode === 'auto')
          await source.settle(
            given.flatMap(({ lease }) => lease ?? []),
            'ack',
            true,
          )
      }
    } catch (error) {
      if (!signal.aborted) failed(error)
    }
  }

  async #give(source: Source, given: readonly Given[]): Promise<boolean> {
    const { id, mode, newAck, transform } = this.options
    const frames = given.map(({ last, lease, message: kept }) => {
      const message = transform(kept)
      if (mode === 'auto' || last) return messageFrame(message, id, undefined)
      const ack = newAck()
      const key = ack ?? message.id
      this.#held.set(key, { subscription: this, source, key, messageId: message.id, lease })
      return messageFrame(message, id, ack)
    })
    if (!(await this.options.send(frames))) return false
    this.options.given(given.map(({ message }) => message))
    return true
  }

  #credit(): void {
    const waiting = this.#credited
    this.#credited = []
    for (const resolve of waiting) resolve()
  }
}

/** Settles each at the source that gave it, see there; gives back those that it did not hold any more. */
export async function settle(
  all: readonly Held[],
  as: 'ack' | 'refuse',
  soon: boolean,
): Promise<readonly Held[]> {
  const bySource = new Map<Source, Held[]>()
  for (const held of all) {
    if (held.lease === undefined) continue
    const some = bySource.get(held.source)
    if (some) some.push(held)
    else bySource.set(held.source, [held])
  }
  const lost: Held[] = []
  await Promise.all(
    Array.from(bySource, async ([source, some]) => {
      const leases = new Set(
        await source.settle(
          some.map(({ lease }) => lease!),
          as,
          soon,
        ),
      )
      lost.push(...some.filter(({ lease }) => leases.has(lease!)))
    }),
  )
  return lost
}
