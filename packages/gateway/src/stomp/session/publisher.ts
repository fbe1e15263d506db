/**
 * Writes messages: of one destination as one append, of several in one transaction.
 *
 * @module
 */
import { type RecordInput, type Transactor, isHeddleError } from '@heddle/core'
import { publishChannel } from '../../http/channels.ts'
import type { StompLog } from '../options.ts'
import type { Topics } from './topics.ts'

/** A message on its way to a topic of the log. */
export interface Outgoing {
  readonly topic: string
  readonly record: RecordInput
  /** Bytes of its body. */
  readonly bytes: number
}

export class Publisher {
  readonly #log: StompLog
  readonly #topics: Topics
  readonly #instance: string
  #transactor: Promise<Transactor> | undefined
  /** Transactions go one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(log: StompLog, topics: Topics, instance: string) {
    this.#log = log
    this.#topics = topics
    this.#instance = instance
  }

  /** All of them or none, durable when it resolves. Their topics are there. */
  async publish(all: readonly Outgoing[]): Promise<void> {
    if (all.length === 0) return
    const began = performance.now()
    const byTopic = new Map<string, Outgoing[]>()
    for (const one of all) {
      const some = byTopic.get(one.topic)
      if (some) some.push(one)
      else byTopic.set(one.topic, [one])
    }
    if (byTopic.size > 1) await this.#together(byTopic)
    else for (const [topic, some] of byTopic) await this.#append(topic, some)
    if (!publishChannel.hasSubscribers) return
    const ms = performance.now() - began
    for (const [topic, some] of byTopic) {
      const bytes = some.reduce((sum, one) => sum + one.bytes, 0)
      publishChannel.publish({
        topic,
        mode: 'stomp',
        events: some.length,
        duplicates: 0,
        failed: 0,
        bytes,
        ms,
      })
    }
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {}) // told to whoever waits for it
    await (await this.#transactor)?.close()
  }

  async #append(topic: string, some: readonly Outgoing[]): Promise<void> {
    const records = some.map(({ record }) => record)
    try {
      await this.#log.append(topic, records)
    } catch (error) {
      if (!isHeddleError(error, 'HEDDLE_LOG_UNKNOWN_TOPIC')) throw error
      // It was deleted: as with a broker, it is made again.
      this.#topics.forget(topic)
      await this.#topics.ensure(topic)
      await this.#log.append(topic, records)
    }
  }

  #together(byTopic: ReadonlyMap<string, readonly Outgoing[]>): Promise<void> {
    const run = async (): Promise<void> => {
      this.#transactor ??= this.#log.transactor(`stomp.${this.#instance}`)
      try {
        const transaction = (await this.#transactor).begin()
        for (const [topic, some] of byTopic)
          transaction.append(
            topic,
            some.map(({ record }) => record),
          )
        await transaction.commit()
      } catch (error) {
        // Another one is opened for the next: this one may be of no more use.
        this.#transactor = undefined
        for (const topic of byTopic.keys()) this.#topics.forget(topic)
        throw error
      }
    }
    const done = this.#last.then(run, run)
    this.#last = done.catch(() => {}) // told to whoever waits for it
    return done
  }
}
