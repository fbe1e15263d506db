import { randomUUID } from 'node:crypto'
import {
  type AppendOptions,
  type Appended,
  type Clock,
  type GroupMember,
  HeddleError,
  type Log,
  type RecordInput,
  type Store,
  type TopicInfo,
  type TopicSpec,
  type Transactor,
  sleep,
} from '@heddle/core'
import type { BufferContext, Waiting } from './buffer-context.ts'
import { Target } from './target.ts'
import { TopicBuffer } from './topic-buffer.ts'

export interface EventBufferOptions {
  /** Folder of the buffer; one process at a time uses it. */
  readonly path: string
  /** How many bytes of events may wait. */
  readonly maxBytes: number
  /** Events of a topic are refused when the oldest that waits is older, in ms. */
  readonly maxAgeMs: number
  /** How long the log may take to answer before an event goes into the buffer, in ms. */
  readonly timeoutMs: number
  readonly clock: Clock
  /** Told of each attempt: `undefined` when the log gave an answer, or why not. */
  readonly watch: (reason: string | undefined) => void
}

/** Who has the partition of this topic has the buffer. Names that begin so are not those of topics of events. */
const ownerTopic = '__heddle_buffer'
const stateName = 'buffer'
const idKey = 'id'
const topicPrefix = 'topic/'

/** How long a start waits for a process that has the buffer, in ms: somewhat longer than the session of one that hangs. */
const ownerWaitMs = 12_000

/** How often the settings of all topics are asked for, in ms; those of a new one also when something is published to it. */
const learnMs = 60_000

/**
 * Events that a gateway has accepted and the log has not: on disk before they are acknowledged, and brought to the log in
 * order as soon as it can be reached, each once, also when this process is killed on the way.
 *
 * ```
 * buffer = an embedded log with
 *   topic "<name>"          1 partition: the records as the gateway made them, until they are in the log
 *   topic "__heddle_buffer" nothing; its only partition belongs to the process that has the buffer
 *   store "buffer"          "id" → UUID; "topic/<name>" → settings of the topic, as JSON
 * log    = store "heddle.buffer.<id>", "<name>" → up to which offset of the buffer the topic has been brought
 * ```
 */
export class EventBuffer {
  readonly #kept: Log
  readonly #options: EventBufferOptions
  readonly #state: Store
  readonly #writer: Transactor
  readonly #stop = new AbortController()
  readonly #topics = new Map<string, TopicBuffer>()
  readonly #known = new Map<string, TopicSpec>()
  readonly #context: BufferContext
  #owner: GroupMember | undefined
  #owned = false
  #bytes = 0
  #target: Target | undefined
  #learning: Promise<void> = Promise.resolve()

  private constructor(kept: Log, options: EventBufferOptions, state: Store, writer: Transactor) {
    this.#kept = kept
    this.#options = options
    this.#state = state
    this.#writer = writer
    this.#context = {
      ...options,
      kept,
      stopping: this.#stop.signal,
      known: (topic) => this.#known.get(topic),
      take: (bytes) => this.#take(bytes),
      release: (bytes) => (this.#bytes -= bytes),
      check: () => this.#check(),
    }
  }

  /** @throws HEDDLE_LOG_OPEN_FAILED when another process has it. */
  static async open(options: EventBufferOptions): Promise<EventBuffer> {
    const { openEmbeddedLog } = await import('@heddle/log/embedded')
    const kept = await openEmbeddedLog({ path: options.path, clock: options.clock })
    try {
      const state = await kept.store(stateName)
      const buffer = new EventBuffer(kept, options, state, await kept.transactor(stateName))
      await buffer.#own()
      await buffer.#begin()
      return buffer
    } catch (error) {
      await kept.close()
      throw error
    }
  }

  /** Topics whose events may be taken in although the log never told of them. */
  expect(topics: readonly TopicSpec[]): void {
    for (const spec of topics) if (!this.#known.has(spec.name)) this.#known.set(spec.name, spec)
  }

  /** The log is there: events go to it, after those that wait. The buffer does not close it. */
  attach(log: Log): void {
    this.#target = new Target(log, this.#id)
    for (const topic of this.#topics.values()) topic.attach(this.#target)
    this.#learning = this.#learn(log)
  }

  /** Answers when the events are in the log, or, with `buffered`, on disk here. */
  append(
    topic: string,
    records: readonly RecordInput[],
    options?: AppendOptions,
  ): Promise<readonly Appended[]> {
    const buffer = this.#topics.get(topic)
    return buffer === undefined ? this.#first(topic, records, options) : buffer.append(records, options)
  }

  async #first(
    topic: string,
    records: readonly RecordInput[],
    options: AppendOptions | undefined,
  ): Promise<readonly Appended[]> {
    const buffer = new TopicBuffer(topic, this.#context, this.#target)
    this.#topics.set(topic, buffer)
    try {
      const answer = await buffer.append(records, options)
      if (this.#target && !this.#known.has(topic)) this.#learnSoon(this.#target.log, topic)
      return answer
    } catch (error) {
      // There may be no such topic.
      if (buffer.idle || !this.#known.has(topic)) this.#topics.delete(topic)
      throw error
    }
  }

  /** A topic as the log has told of it; `undefined` when it has not. */
  lastSeen(topic: string): TopicInfo | undefined {
    const known = this.#known.get(topic)
    return known !== undefined && 'createdAt' in known ? (known as TopicInfo) : undefined
  }

  /** What waits, by topic. */
  waiting(): readonly Waiting[] {
    return [...this.#topics.values()].flatMap((topic) => topic.waiting ?? [])
  }

  get maxBytes(): number {
    return this.#options.maxBytes
  }

  /** What waits stays, and is brought to the log after the next start. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#topics.values()].map((topic) => topic.close()))
    await this.#target?.reset()
    await this.#learning
    await this.#owner?.leave()
    await this.#writer.close()
    await this.#kept.close()
  }

  get #id(): string {
    return Buffer.from(this.#state.get(idKey)!).toString()
  }

  /** Takes the buffer, which a process that was killed has let go at once. */
  async #own(): Promise<void> {
    const { clock, path } = this.#options
    if (!(await this.#kept.describeTopic(ownerTopic)))
      await this.#kept.createTopic({ name: ownerTopic, partitions: 1 })
    const owned = Promise.withResolvers<void>()
    this.#owner = await this.#kept.joinGroup({
      group: ownerTopic,
      topics: [ownerTopic],
      onAssigned: () => {
        this.#owned = true
        owned.resolve()
      },
      onRevoked: () => void (this.#owned = false),
      onLost: () => void (this.#owned = false),
    })
    await Promise.race([owned.promise, sleep(clock, ownerWaitMs)])
    if (this.#owned) return
    await this.#owner.leave()
    throw new HeddleError('HEDDLE_LOG_OPEN_FAILED', `another process uses the buffer in ${path}`)
  }

  /** Reads what the process before this one left. */
  async #begin(): Promise<void> {
    if (this.#state.get(idKey) === undefined) await this.#put(idKey, randomUUID())
    for (const [key, value] of this.#state.entries({ gte: topicPrefix, lt: `${topicPrefix}\u{10ffff}` })) {
      const spec = JSON.parse(Buffer.from(value).toString()) as TopicSpec
      this.#known.set(key.slice(topicPrefix.length), spec)
    }
    for (const { name } of await this.#kept.listTopics()) {
      if (name === ownerTopic) continue
      const { earliest, latest, bytes } = (await this.#kept.partitions(name))[0]!
      if (earliest === latest) continue
      const [fetched] = await this.#kept.read([{ topic: name, partition: 0, offset: earliest }], {
        maxRecords: 1,
      })
      const since = fetched?.records[0]?.timestamp ?? this.#options.clock.now()
      const topic = new TopicBuffer(name, this.#context, undefined)
      // More than may wait by now, perhaps: then nothing else is taken in.
      this.#bytes += bytes
      topic.resume(earliest, latest, bytes, since)
      this.#topics.set(name, topic)
    }
  }

  #take(bytes: number): void {
    const { maxBytes } = this.#options
    if (bytes > 0 && this.#bytes + bytes > maxBytes)
      throw new HeddleError('HEDDLE_BUFFER_FULL', `${this.#bytes} of ${maxBytes} bytes wait`, {
        info: { maxBytes, retryAfterMs: 5_000 },
      })
    this.#bytes += bytes
  }

  #check(): void {
    if (!this.#owned)
      throw new HeddleError('HEDDLE_HTTP_UNAVAILABLE', 'the buffer belongs to another process now')
  }

  /** Keeps the settings of all topics, now and from time to time. */
  async #learn(log: Log): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        const topics = await log.listTopics()
        const names = new Set(topics.map(({ name }) => name))
        for (const topic of topics) await this.#remember(topic)
        for (const name of this.#known.keys()) if (!names.has(name)) await this.#forget(name)
      } catch {
        // What was known before is good enough, and the next time comes.
      }
      await sleep(clock, learnMs, signal)
    }
  }

  #learnSoon(log: Log, topic: string): void {
    log
      .describeTopic(topic)
      .then((found) => found && this.#remember(found))
      // It is asked for again with all others.
      .catch(() => undefined)
  }

  async #remember(topic: TopicSpec): Promise<void> {
    const text = JSON.stringify(topic)
    if (JSON.stringify(this.#known.get(topic.name)) === text) return
    this.#known.set(topic.name, topic)
    await this.#put(topicPrefix + topic.name, text)
  }

  /** A topic that was deleted, unless events of it wait. */
  async #forget(name: string): Promise<void> {
    if (this.#topics.get(name)?.idle === false) return
    this.#topics.delete(name)
    this.#known.delete(name)
    await this.#put(topicPrefix + name, null)
  }

  async #put(key: string, text: string | null): Promise<void> {
    if (this.#stop.signal.aborted) return
    const transaction = this.#writer.begin()
    transaction.put(this.#state, key, text === null ? null : Buffer.from(text))
    await transaction.commit()
  }
}
