import {
  type Clock,
  type LogRecord,
  type Position,
  type RecordPlace,
  type TopicSpec,
  correlationAttribute,
  fromRecord,
  isHeddleError,
  recordIdentity,
  sleep,
} from '@heddle/core'
import type { GatewayLogPort } from '../options.ts'

/** Where replies go that have no topic of their own. */
export const defaultReplyTopic = 'heddle.replies'

/** Nobody waits for a reply for longer; one that a power cut takes is one that did not come. */
const defaultReplySpec: TopicSpec = {
  name: defaultReplyTopic,
  retention: { ms: 3_600_000 },
  durability: 'os',
}

/** How far back the reply to a request is looked for that was sent before, in milliseconds. */
const lookBackMs = 600_000

/** How long one read waits, and how long after a failure it is tried again, in milliseconds. */
const waitMs = 30_000
const retryMs = 1_000

/** What a reply is looked for by. */
export interface Sought {
  readonly topic: string
  /** The reply has it. */
  readonly correlation: string
  /** Identity of the request, which has it too and may be in the same topic. */
  readonly request: string
}

/** A reply, and where it was. */
export interface Reply {
  readonly record: LogRecord
  readonly place: RecordPlace
}

/** One who waits. */
export interface Waiting {
  /** Resolves with the reply; `undefined` when the wait is over. */
  readonly reply: Promise<Reply | undefined>
  readonly end: () => void
}

export interface RepliesContext {
  readonly log: GatewayLogPort
  readonly clock: Clock
  readonly stopping: AbortSignal
}

/** Finds the replies that this gateway waits for: follows their topics for as long as somebody does. */
export class Replies {
  readonly #context: RepliesContext
  readonly #followers = new Map<string, Follower>()

  constructor(context: RepliesContext) {
    this.#context = context
  }

  /**
   * Waits for a reply, from now on: no reply to what is sent after this resolves is missed.
   * @throws HEDDLE_LOG_UNKNOWN_TOPIC
   */
  async wait(sought: Sought): Promise<Waiting> {
    const { topic } = sought
    let follower = this.#followers.get(topic)
    if (!follower) {
      follower = new Follower(this.#context, topic, () => this.#followers.delete(topic))
      this.#followers.set(topic, follower)
    }
    return follower.wait(sought)
  }

  /** As `wait`, also among those that came in the last ten minutes. */
  async waitAlsoBefore(sought: Sought): Promise<Waiting> {
    const { clock } = this.#context
    const follower = new Follower(this.#context, sought.topic, () => {}, clock.now() - lookBackMs)
    return follower.wait(sought)
  }
}

interface Waiter {
  readonly request: string
  readonly resolve: (reply: Reply | undefined) => void
}

/** Follows one topic of replies until nobody waits. */
class Follower {
  readonly #context: RepliesContext
  readonly #topic: string
  readonly #unused: () => void
  readonly #since: number | undefined
  readonly #waiting = new Map<string, Set<Waiter>>()
  readonly #ended = new AbortController()
  #opened: Promise<void> | undefined
  #entered = 0

  /** @param since Where it begins, in milliseconds since 1970; absent: with what comes. */
  constructor(context: RepliesContext, topic: string, unused: () => void, since?: number) {
    this.#context = context
    this.#topic = topic
    this.#unused = unused
    this.#since = since
  }

  async wait({ correlation, request }: Sought): Promise<Waiting> {
    this.#entered++
    try {
      this.#opened ??= this.#open()
      await this.#opened
    } catch (error) {
      this.#leave()
      throw error
    }
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>()
    const waiter = { request, resolve }
    const others = this.#waiting.get(correlation) ?? new Set()
    this.#waiting.set(correlation, others.add(waiter))
    let over = false
    return {
      reply: promise,
      end: () => {
        if (over) return
        over = true
        resolve(undefined)
        others.delete(waiter)
        if (others.size === 0) this.#waiting.delete(correlation)
        this.#leave()
      },
    }
  }

  #leave(): void {
    if (--this.#entered > 0) return
    this.#unused()
    this.#ended.abort()
  }

  async #open(): Promise<void> {
    const { log } = this.#context
    if (this.#topic === defaultReplyTopic && !(await log.describeTopic(defaultReplyTopic)))
      await log.createTopic(defaultReplySpec).catch((error: unknown) => {
        // Another gateway was first.
        if (!isHeddleError(error, 'HEDDLE_LOG_TOPIC_EXISTS')) throw error
      })
    const positions = await this.#begin()
    void this.#follow(positions)
  }

  async #begin(): Promise<Position[]> {
    const { log } = this.#context
    const partitions = await log.partitions(this.#topic)
    return Promise.all(
      partitions.map(async ({ latest, partition, topic }) => ({
        topic,
        partition,
        offset: this.#since === undefined ? latest : await log.offsetAt({ topic, partition }, this.#since),
      })),
    )
  }

  async #follow(from: readonly Position[]): Promise<void> {
    const { clock, log, stopping } = this.#context
    const signal = AbortSignal.any([this.#ended.signal, stopping])
    let positions = [...from]
    while (!signal.aborted) {
      try {
        const fetched = await log.read(positions, { waitMs, signal })
        for (const { nextOffset, partition, records, topic } of fetched) {
          for (const record of records) this.#take({ record, place: { topic, partition } })
          positions = positions.map((one) =>
            one.partition === partition ? { ...one, offset: nextOffset } : one,
          )
        }
      } catch (error) {
        if (signal.aborted) return
        // Who waits waits on: the reply may still be there when the log is.
        await sleep(clock, retryMs, signal)
        if (isHeddleError(error, 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE'))
          positions = await this.#begin().catch(() => positions)
      }
    }
  }

  #take(reply: Reply): void {
    const correlation = fromRecord(reply.record, reply.place).extensions?.[correlationAttribute]
    if (typeof correlation !== 'string') return
    const waiters = this.#waiting.get(correlation)
    if (!waiters) return
    const identity = recordIdentity(reply.record.headers, reply.record.value)
    for (const { request, resolve } of waiters) if (identity !== request) resolve(reply)
  }
}
