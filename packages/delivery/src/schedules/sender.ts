import { type RecordInput, type Transactor, deadLetterRecord, isHeddleError } from '@heddle/core'
import { type Sent, sentChannel } from '../channels.ts'
import { type Entry, recordIn } from './entry.ts'
import { unsentTopic } from './names.ts'
import type { ScheduleContext } from './options.ts'
import { due } from './sending.ts'
import type { Timetable } from './timetable.ts'

/** What is wrong with one event, and will be so tomorrow. */
const terminal = [
  'HEDDLE_LOG_UNKNOWN_TOPIC',
  'HEDDLE_LOG_RECORD_TOO_LARGE',
  'HEDDLE_LOG_RECORD_INVALID',
] as const

/** Sends what is due, in the transaction in which it is taken out or set for its next time. */
export class Sender {
  readonly #context: ScheduleContext
  readonly #timetable: Timetable
  readonly #transactor: Transactor

  constructor(context: ScheduleContext, timetable: Timetable, transactor: Transactor) {
    this.#context = context
    this.#timetable = timetable
    this.#transactor = transactor
  }

  /** @throws What is not the fault of one of them: then none was sent. */
  async send(entries: readonly Entry[], now: number): Promise<void> {
    try {
      await this.#together(entries, now)
    } catch (error) {
      if (!terminal.some((code) => isHeddleError(error, code))) throw error
      if (entries.length === 1) await this.#giveUp(entries[0]!, now, error)
      else for (const entry of entries) await this.send([entry], now)
    }
  }

  async #together(entries: readonly Entry[], now: number): Promise<void> {
    const topics = new Map<string, RecordInput[]>()
    const sent: Entry[] = []
    const take = (entry: Entry, record: RecordInput): void => {
      sent.push(entry)
      const records = topics.get(entry.facts.topic)
      if (records) records.push(record)
      else topics.set(entry.facts.topic, [record])
    }
    await this.#change(entries, now, take, topics)
    if (!sentChannel.hasSubscribers) return
    const done = this.#context.clock.now()
    for (const { at, facts } of sent)
      sentChannel.publish({ topic: facts.topic, lateMs: done - at } satisfies Sent)
  }

  async #giveUp(entry: Entry, now: number, error: unknown): Promise<void> {
    const { log, maxBytes } = this.#context
    if (!(await log.describeTopic(unsentTopic))) await log.createTopic({ name: unsentTopic, partitions: 1 })
    const { id, topic } = entry.facts
    const failure = {
      by: { dlschedule: id, dltopic: topic },
      error,
      attempts: 1,
      firstFailedAt: now,
      lastFailedAt: now,
    }
    const letter = deadLetterRecord(recordIn(entry), failure, maxBytes)
    await this.#change([entry], now, () => {}, new Map([[unsentTopic, [letter]]]))
  }

  async #change(
    entries: readonly Entry[],
    now: number,
    take: (entry: Entry, record: RecordInput) => void,
    topics: ReadonlyMap<string, readonly RecordInput[]>,
  ): Promise<void> {
    const transaction = this.#transactor.begin()
    try {
      const change = this.#timetable.change(transaction)
      for (const entry of entries) {
        const { record, waiting } = due(entry, now)
        if (record) take(entry, record)
        change.remove(entry)
        for (const one of waiting) change.put(one)
      }
      change.end()
      for (const [topic, records] of topics) transaction.append(topic, records)
      await transaction.commit()
    } catch (error) {
      await transaction.abort()
      throw error
    }
  }
}
