/**
 * The topics of the log behind destinations: made when they are first used, as a broker makes queues.
 *
 * @module
 */
import { EventEmitter } from 'node:events'
import { type TopicSpec, isHeddleError } from '@heddle/core'
import { fits } from '../destination/destination.ts'
import { decodeName, isDeadLetterTopic, queueOfTopic } from '../destination/log-names.ts'
import type { StompLog } from '../options.ts'

/** Where messages to temporary destinations of all connections go. They are of use for the moment only. */
export const temporaryTopic = 'stomp.temporary'

/** Topics of the fabric's own business: nobody means them by a wildcard. */
const isOwn = (name: string): boolean => name === temporaryTopic || name.startsWith('heddle.')

/** 1 h: what nobody has read by then has no reader any more. */
const temporaryRetentionMs = 3_600_000

export class Topics {
  readonly #log: StompLog
  readonly #spec: Omit<TopicSpec, 'name'>
  /** Those that are there, or on their way. */
  readonly #known = new Map<string, true | Promise<void>>()
  readonly #made = new EventEmitter<{ made: [] }>()

  /** @param maxRecordBytes Of the topics that are made: a body and its headers. */
  constructor(log: StompLog, partitions: number, maxRecordBytes: number) {
    this.#log = log
    this.#spec = { partitions, maxRecordBytes }
    this.#made.setMaxListeners(0)
  }

  has(name: string): boolean {
    return this.#known.get(name) === true
  }

  /** Resolves when the topic is there; `undefined` when it is known to be. */
  ensure(name: string): Promise<void> | undefined {
    const known = this.#known.get(name)
    if (known !== undefined) return known === true ? undefined : known
    const making = this.#make(name).then(
      () => void this.#known.set(name, true),
      (error: unknown) => {
        this.#known.delete(name)
        throw error
      },
    )
    this.#known.set(name, making)
    return making
  }

  /** Somebody deleted it. */
  forget(name: string): void {
    this.#known.delete(name)
  }

  /** Calls back when one was made here, until `signal` is aborted. */
  onMade(listener: () => void, signal: AbortSignal): void {
    this.#made.on('made', listener)
    signal.addEventListener('abort', () => this.#made.off('made', listener), { once: true })
  }

  /** Topics whose destination fits a name with wildcards: of queues, or all others but those that are the fabric's own. */
  async matching(kind: 'queue' | 'topic', pattern: string): Promise<string[]> {
    const names: string[] = []
    for (const { name } of await this.#log.listTopics()) {
      const queue = queueOfTopic(name)
      if (kind === 'queue' ? queue === undefined : queue !== undefined || isOwn(name)) continue
      if (fits(pattern, queue ?? decodeName(name))) names.push(name)
    }
    return names
  }

  /** Topics of what queues and durable subscriptions gave up. */
  async deadLetters(): Promise<string[]> {
    return (await this.#log.listTopics()).map(({ name }) => name).filter(isDeadLetterTopic)
  }

  async #make(name: string): Promise<void> {
    // Whatever settings it has.
    if (await this.#log.describeTopic(name)) return
    const spec: TopicSpec =
      name === temporaryTopic
        ? { name, ...this.#spec, partitions: 1, retention: { ms: temporaryRetentionMs }, durability: 'os' }
        : { name, ...this.#spec }
    await this.#log.createTopic(spec).catch((error: unknown) => {
      // Another process was first.
      if (!isHeddleError(error, 'HEDDLE_LOG_TOPIC_EXISTS')) throw error
    })
    this.#made.emit('made')
  }
}
