import { type Log, type LogRecord, type TopicInfo, recordIdentity } from '@heddle/core'

/** How much further than needed is looked at a time, in ms of the records' timestamps, so that it is not done for each batch. */
const aheadMs = 60_000

/** Records that one look into the log takes at most. */
const maxRecords = 5_000

/**
 * Events that are in a topic already, of those whose window of deduplication has ended only while they waited in the
 * buffer. The log itself goes by the time of the append: an event that was published once before an outage of an hour, and
 * once more during it, would be there twice when the buffer is emptied, and so would one whose first attempt had no answer.
 */
export class Seen {
  readonly #log: Log
  readonly #topic: TopicInfo
  readonly #identities = new Set<string>()
  readonly #next: number[]
  readonly #ends: readonly number[]
  /** All before this time is known, ms since 1970. */
  #until = Number.NEGATIVE_INFINITY

  private constructor(log: Log, topic: TopicInfo, next: number[], ends: readonly number[]) {
    this.#log = log
    this.#topic = topic
    this.#next = next
    this.#ends = ends
  }

  /** @param since When the oldest event of the buffer was taken in, ms since 1970. */
  static async of(log: Log, topic: TopicInfo, since: number): Promise<Seen> {
    const { ms, ids } = topic.dedupe
    const partitions = await log.partitions(topic.name)
    const next = await Promise.all(
      partitions.map(async ({ partition, earliest, latest }) =>
        Math.max(
          earliest,
          latest - ids,
          await log.offsetAt({ topic: topic.name, partition }, Math.max(0, since - ms)),
        ),
      ),
    )
    return new Seen(
      log,
      topic,
      next,
      partitions.map(({ latest }) => latest),
    )
  }

  /** Those of the records that are not there. `now` is the time, ms since 1970. */
  async fresh(records: readonly LogRecord[], now: number): Promise<readonly LogRecord[]> {
    const { ms, ids } = this.#topic.dedupe
    if (ms === 0 || ids === 0) return records
    // What is younger, the log finds by itself.
    if (this.#until < now - ms) await this.#look(now - ms + aheadMs)
    if (this.#identities.size === 0) return records
    return records.filter(({ headers, value }) => {
      const identity = recordIdentity(headers, value)
      return identity === undefined || !this.#identities.has(identity)
    })
  }

  async #look(until: number): Promise<void> {
    for (const [partition, end] of this.#ends.entries()) {
      for (let offset = this.#next[partition]!; offset < end;) {
        const [fetched] = await this.#log.read([{ topic: this.#topic.name, partition, offset }], {
          maxRecords,
          waitMs: 1_000,
        })
        // What is left of it are the marks of transactions.
        if (fetched === undefined) break
        for (const { headers, value } of fetched.records) {
          const identity = recordIdentity(headers, value)
          if (identity !== undefined) this.#identities.add(identity)
        }
        offset = fetched.nextOffset
        this.#next[partition] = offset
        const last = fetched.records.at(-1)
        if (last !== undefined && last.timestamp > until) break
      }
    }
    this.#until = until
  }
}
