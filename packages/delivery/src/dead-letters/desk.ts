import {
  type Clock,
  type DeadLetterMark,
  type DeadLetterPage,
  type DeadLetterQuery,
  type DeadLetters,
  type Log,
  type RecordInput,
  type RedriveOptions,
  type Redriven,
  type Store,
  type Transaction,
  systemClock,
} from '@heddle/core'
import { writing } from '../writing.ts'
import { encodeMark, markKey, marksStore, staleMarks } from './marks.ts'
import { resent } from './resent.ts'
import { type Found, type Scan, scan } from './scan.ts'

/** Marks of letters that are gone which one change cleans up at most. */
const maxStale = 1_000

/**
 * Dead letters on a log. What became of each is a mark in a store, written in the transaction that sends it.
 *
 * @example
 * const desk = openDeadLetters({ log })
 * await desk.redrive('mails.dead-letters', { filter: "event.extensions.dlcode == 'HEDDLE_DELIVERY_TIMEOUT'", by: 'ada' })
 */
export function openDeadLetters({ log, clock = systemClock }: { log: Log; clock?: Clock }): DeadLetters {
  return new Desk(log, clock)
}

class Desk implements DeadLetters {
  readonly #log: Log
  readonly #clock: Clock
  /** One change of a process at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  async list(
    topic: string,
    { all = false, ...query }: DeadLetterQuery & { readonly all?: boolean },
  ): Promise<DeadLetterPage> {
    const { found, next } = await scan(this.#log, await this.#log.store(marksStore), topic, query, all)
    return { letters: found.map(({ letter }) => letter), ...(next !== undefined && { next }) }
  }

  async redrive(topic: string, options: RedriveOptions): Promise<Redriven> {
    const { dryRun = false, by, to } = options
    if (dryRun) {
      const store = await this.#log.store(marksStore)
      return (await this.#prepare(await scan(this.#log, store, topic, options), options)).answer
    }
    return this.#change(topic, options, async (scanned, store, begin) => {
      const { answer, records } = await this.#prepare(scanned, options)
      if (records.size === 0) return answer
      const transaction = begin()
      const at = this.#clock.now()
      for (const [found, { topic: target, record }] of records) {
        transaction.append(target, [record])
        this.#mark(transaction, store, found, { state: 'redriven', at, by, to: to ?? target })
      }
      return answer
    })
  }

  async drop(
    topic: string,
    options: DeadLetterQuery & { readonly by: string },
  ): Promise<{ readonly dropped: number; readonly next?: string }> {
    return this.#change(topic, options, async ({ found, next }, store, begin) => {
      const transaction = begin()
      const at = this.#clock.now()
      for (const one of found) this.#mark(transaction, store, one, { state: 'dropped', at, by: options.by })
      return { dropped: found.length, ...(next !== undefined && { next }) }
    })
  }

  #mark(transaction: Transaction, store: Store, { place }: Found, mark: DeadLetterMark): void {
    transaction.put(store, markKey(place), encodeMark(mark))
  }

  async #prepare(
    { found, next }: Scan,
    { allow, to }: RedriveOptions,
  ): Promise<{ answer: Redriven; records: Map<Found, { topic: string; record: RecordInput }> }> {
    const sent: Record<string, number> = {}
    const skipped: { id: string; reason: string }[] = []
    const records = new Map<Found, { topic: string; record: RecordInput }>()
    for (const one of found) {
      const again = await resent(this.#log, one, to)
      if ('reason' in again) {
        skipped.push({ id: one.letter.id, reason: again.reason })
        continue
      }
      sent[again.topic] = (sent[again.topic] ?? 0) + 1
      records.set(one, again)
    }
    for (const topic of Object.keys(sent)) await allow?.(topic)
    return { answer: { sent, skipped, ...(next !== undefined && { next }) }, records }
  }

  /** Reads what is meant and changes it, with nobody else at work on the dead letters of that topic. */
  #change<T>(
    topic: string,
    query: DeadLetterQuery,
    change: (scanned: Scan, store: Store, begin: () => Transaction) => Promise<T>,
  ): Promise<T> {
    const done = this.#turn.then(() =>
      writing(this.#log, this.#clock, `dead-letters.${topic}`, async (transactor) => {
        const store = await this.#log.store(marksStore)
        const scanned = await scan(this.#log, store, topic, query)
        let transaction: Transaction | undefined
        const answer = await change(scanned, store, () => (transaction ??= transactor.begin()))
        if (!transaction) return answer
        for (const { partition, earliest } of await this.#log.partitions(topic)) {
          const stale = staleMarks(store, { topic, partition, offset: earliest }, maxStale)
          for (const key of stale) transaction.put(store, key, null)
        }
        await transaction.commit()
        return answer
      }),
    )
    this.#turn = done.catch(() => {})
    return done
  }
}
