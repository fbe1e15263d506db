import {
  type AppendOptions,
  type Appended,
  type Clock,
  type Fetched,
  type Log,
  type PartitionInfo,
  type Position,
  type ReadOptions,
  type RecordInput,
  type TopicConfig,
  type TopicInfo,
  type TopicPartition,
  type TopicSpec,
} from '@heddle/core'
import type { GatewayLogPort } from '@heddle/gateway/http'
import { away, isAway } from './away.ts'
import { Breaker } from './breaker.ts'
import type { Waiting } from './buffer-context.ts'
import { logStateChannel } from './channels.ts'
import type { EventBuffer } from './event-buffer.ts'

export interface GatewayLogOptions {
  readonly clock: Clock
  /** How long the log may take for one answer, in ms; `undefined` for one that is in this process, and never away. */
  readonly timeoutMs: number | undefined
}

/**
 * The log as the gateway sees it: one that can be away. It is there before the log is, and it answers in bounded time:
 * what the log cannot do now is refused with the time of the next attempt, and events go into the buffer where there is one.
 */
export class GatewayLog implements GatewayLogPort {
  readonly #clock: Clock
  readonly #timeoutMs: number | undefined
  /** For all but appends. */
  readonly #asking: Breaker
  /** Of topics whose appends fail: a partition without a leader holds up its own topic only. */
  readonly #appending = new Map<string, Breaker>()
  #log: Log | undefined
  #buffer: EventBuffer | undefined
  #starting = { reason: 'the host is starting', retryAt: 0 }
  #awayReason: string | undefined
  #probing = false
  #closed = false

  constructor({ clock, timeoutMs }: GatewayLogOptions) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#asking = this.#breaker()
  }

  /** From now on events that the log cannot take go there. */
  useBuffer(buffer: EventBuffer): void {
    this.#buffer = buffer
  }

  /** The log is there. The caller keeps it, and closes it. */
  use(log: Log): void {
    this.#log = log
    this.#buffer?.attach(log)
    this.watch(undefined)
  }

  /** What the start waits for cannot be done yet: why, and when it is tried again, in ms from now. */
  notYet(reason: string, retryMs: number): void {
    if (this.#log !== undefined) return this.watch(reason)
    this.#starting = { reason, retryAt: this.#clock.now() + retryMs }
    this.#awayReason = reason
  }

  /** Told of each attempt: `undefined` when the log gave an answer, or why not. */
  watch(reason: string | undefined): void {
    const before = this.#awayReason
    this.#awayReason = reason
    if (reason !== undefined && before === undefined) {
      logStateChannel.publish({ state: 'away', reason })
      void this.#probe()
    } else if (reason === undefined && before !== undefined) logStateChannel.publish({ state: 'back' })
  }

  /** Why the log gives no answers; `undefined` while it does. */
  get awayReason(): string | undefined {
    return this.#awayReason
  }

  /** Whether events can be taken in. */
  get accepts(): boolean {
    return this.#buffer !== undefined || (this.#log !== undefined && this.#awayReason === undefined)
  }

  /** What waits in the buffer, by topic. */
  waiting(): readonly Waiting[] {
    return this.#buffer?.waiting() ?? []
  }

  append(
    topic: string,
    records: readonly RecordInput[],
    options?: AppendOptions,
  ): Promise<readonly Appended[]> {
    if (this.#buffer) return this.#buffer.append(topic, records, options)
    const log = this.#log
    if (log === undefined) return Promise.reject(this.#missing())
    if (this.#timeoutMs === undefined) return log.append(topic, records, options)
    const breaker = this.#appending.get(topic) ?? this.#breaker(topic)
    return breaker.run(() => log.append(topic, records, options))
  }

  read(positions: readonly Position[], options?: ReadOptions): Promise<readonly Fetched[]> {
    return this.#ask((log) => log.read(positions, options), options?.waitMs)
  }

  createTopic(spec: TopicSpec): Promise<TopicInfo> {
    return this.#ask((log) => log.createTopic(spec))
  }

  describeTopic(name: string): Promise<TopicInfo | undefined> {
    return this.#ask((log) => log.describeTopic(name)).catch((error: unknown) => {
      // As it was when it was last seen, so that events can be published to it.
      const known = isAway(error) ? this.#buffer?.lastSeen(name) : undefined
      if (known === undefined) throw error
      return known
    })
  }

  alterTopic(name: string, changes: Partial<TopicConfig>): Promise<TopicInfo> {
    return this.#ask((log) => log.alterTopic(name, changes))
  }

  deleteTopic(name: string): Promise<void> {
    return this.#ask((log) => log.deleteTopic(name))
  }

  listTopics(): Promise<readonly TopicInfo[]> {
    return this.#ask((log) => log.listTopics())
  }

  partitions(topic: string): Promise<readonly PartitionInfo[]> {
    return this.#ask((log) => log.partitions(topic))
  }

  offsetAt(partition: TopicPartition, timestamp: number): Promise<number> {
    return this.#ask((log) => log.offsetAt(partition, timestamp))
  }

  /** Closes the buffer; the log is the caller's. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#buffer?.close()
  }

  #ask<T>(work: (log: Log) => Promise<T>, longerMs = 0): Promise<T> {
    const log = this.#log
    if (log === undefined) return Promise.reject(this.#missing())
    if (this.#timeoutMs === undefined) return work(log)
    return this.#asking.run(() => work(log), longerMs)
  }

  #missing(): Error {
    const { reason, retryAt } = this.#starting
    return away(reason, Math.max(1, retryAt - this.#clock.now()))
  }

  /** @param topic That of appends, whose breaker is kept while they fail. */
  #breaker(topic?: string): Breaker {
    const breaker: Breaker = new Breaker(this.#clock, this.#timeoutMs ?? 0, (reason) => {
      if (topic !== undefined && reason !== undefined) this.#appending.set(topic, breaker)
      else if (topic !== undefined) this.#appending.delete(topic)
      this.watch(reason)
    })
    return breaker
  }

  /** Finds out that the log is back also when nobody asks for anything. */
  async #probe(): Promise<void> {
    if (this.#probing) return
    this.#probing = true
    while (this.#awayReason !== undefined && this.#log !== undefined && !this.#closed) {
      const error = await this.listTopics().then(
        () => undefined,
        (thrown: unknown) => thrown as { info?: { retryAfterMs?: number } },
      )
      if (error === undefined) break
      const waitMs = error.info?.retryAfterMs ?? 1_000
      await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve))
    }
    this.#probing = false
  }
}
