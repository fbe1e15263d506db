/**
 * Writes messages: of one destination as one append, of several in one transaction.
 *
 * @module
 */
import { HeddleError, type RecordInput, type Schedules, type Transactor, isHeddleError } from '@heddle/core'
import { publishChannel } from '../../http/channels.ts'
import { type Later, withoutLater } from '../message/later.ts'
import type { StompLog } from '../options.ts'
import type { Topics } from './topics.ts'

/** A message on its way to a topic of the log. */
export interface Outgoing {
  readonly topic: string
  readonly record: RecordInput
  /** Bytes of its body. */
  readonly bytes: number
  /** Its sender gave it an id: sent again, it is not there twice. */
  readonly dedupe: boolean
  /** When it is sent, if that is not now. */
  readonly later?: Later
}

export class Publisher {
  readonly #log: StompLog
  readonly #topics: Topics
  readonly #instance: string
  readonly #schedules: Schedules | undefined
  #transactor: Promise<Transactor> | undefined
  /** Transactions go one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(log: StompLog, topics: Topics, instance: string, schedules: Schedules | undefined) {
    this.#log = log
    this.#topics = topics
    this.#instance = instance
    this.#schedules = schedules
  }

  /** All of them or none, durable when it resolves. Their topics are there. */
  async publish(outgoing: readonly Outgoing[]): Promise<void> {
    if (outgoing.length === 0) return
    const began = performance.now()
    const all = outgoing.some(({ later }) => later) ? await this.#prepare(outgoing) : outgoing
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

  /** Those for later as what accepts them: they count from now, which is the commit of their transaction. */
  #prepare(all: readonly Outgoing[]): Promise<Outgoing[]> {
    const schedules = this.#schedules
    if (!schedules)
      throw new HeddleError('HEDDLE_STOMP_COMMAND_INVALID', 'messages for later are not kept here')
    const prepared = all.map(async ({ later, ...now }): Promise<Outgoing> => {
      if (!later) return now
      const schedule = { topic: now.topic, record: withoutLater(now.record), ...later }
      const { record, topic } = await schedules.prepare(schedule)
      return { ...now, topic, record }
    })
    return Promise.all(prepared)
  }

  async #append(topic: string, some: readonly Outgoing[]): Promise<void> {
    const records = some.map(({ record }) => record)
    const options = { dedupe: some.some(({ dedupe }) => dedupe) }
    try {
      await this.#log.append(topic, records, options)
    } catch (error) {
      if (!isHeddleError(error, 'HEDDLE_LOG_UNKNOWN_TOPIC')) throw error
      // It was deleted: as with a broker, it is made again.
      this.#topics.forget(topic)
      await this.#topics.ensure(topic)
      await this.#log.append(topic, records, options)
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
            { dedupe: some.some(({ dedupe }) => dedupe) },
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
