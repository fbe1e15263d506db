/**
 * A reader's way through a topic: reads on from a cursor, leaves out what the filter does not want, and knows at every
 * event where to go on.
 *
 * @module
 */
import {
  type CelPredicate,
  HeddleError,
  type Position,
  type ReadOptions,
  type SignalLike,
  celPredicate,
  fromRecord,
  isHeddleError,
} from '@heddle/core'
import { eventJson } from '../../cloudevents/event-json.ts'
import { type Cursor, cursorTail, formatCursor, parseCursor } from '../cursor.ts'
import type { GatewayLogPort } from '../options.ts'
import type { Start } from './start.ts'

/** An event to give out. */
export interface FeedItem {
  readonly partition: number
  readonly offset: number
  /** The structured event, JSON on one line. */
  readonly json: string
  /** Where to go on after this event. */
  readonly cursor: string
}

export interface FeedRead {
  /** Read about this many bytes from the log. */
  readonly maxBytes: number
  /** Give out at most this many events. */
  readonly limit?: number
  readonly waitMs: number
  readonly signal: SignalLike
}

export class Feed {
  readonly #log: GatewayLogPort
  readonly #topic: string
  readonly #cursor: Cursor
  readonly #only: number | undefined
  readonly #filter: CelPredicate | undefined

  constructor(log: GatewayLogPort, topic: string, start: Start, filter: CelPredicate | undefined) {
    this.#log = log
    this.#topic = topic
    this.#cursor = start.cursor
    this.#only = start.only
    this.#filter = filter
  }

  /** Where to go on now: past all that was read, whether it was given out or not. */
  get cursor(): string {
    return formatCursor(this.#cursor)
  }

  /**
   * The next events; none when the wait ran out, or when the filter wanted none of what was read.
   * @returns also how many records were read, to tell these two apart, and whether it has come further: there is more than
   * records in a partition, such as the marks of transactions.
   */
  async next(
    options: FeedRead,
  ): Promise<{ readonly items: FeedItem[]; readonly records: number; readonly moved: boolean }> {
    const positions: Position[] = []
    for (const [partition, offset] of this.#cursor) positions.push({ topic: this.#topic, partition, offset })
    const { limit = Number.POSITIVE_INFINITY, ...rest } = options
    // With a filter nobody knows how many records it takes to find that many events.
    const read = this.#filter || limit === Number.POSITIVE_INFINITY ? rest : { ...rest, maxRecords: limit }
    const fetched = await this.#read(positions, read)
    const items: FeedItem[] = []
    let count = 0
    let moved = false
    for (const { partition, records, nextOffset } of fetched) {
      moved ||= nextOffset !== this.#cursor.get(partition)
      const place = { topic: this.#topic, partition }
      const tail = cursorTail(this.#cursor, partition)
      for (const record of records) {
        count++
        if (this.#filter && !wants(this.#filter, fromRecord(record, place))) continue
        const { offset } = record
        items.push({
          partition,
          offset,
          json: eventJson(record, place),
          cursor: `${partition}:${offset + 1}${tail}`,
        })
      }
      this.#cursor.set(partition, nextOffset)
    }
    if (items.length > limit) {
      items.length = limit
      // Back to where the last one that is given out ends.
      for (const [partition, offset] of parseCursor(items.at(-1)!.cursor)) this.#cursor.set(partition, offset)
    }
    return { items, records: count, moved }
  }

  /** True when it has read up to these offsets in every partition that it reads. */
  reached(ends: ReadonlyMap<number, number>): boolean {
    for (const [partition, offset] of this.#cursor) if (offset < (ends.get(partition) ?? 0)) return false
    return true
  }

  /** @throws HEDDLE_LOG_OFFSET_OUT_OF_RANGE when it begins where the log has nothing. */
  async check(): Promise<void> {
    const wrong = await this.#outside()
    if (wrong) throw wrong
  }

  /** Takes up partitions that were added to the topic since. */
  async refresh(): Promise<void> {
    if (this.#only !== undefined) return
    const info = await this.#log.describeTopic(this.#topic)
    if (!info) throw new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC', `'${this.#topic}' was deleted`)
    for (let partition = 0; partition < info.partitions; partition++) {
      if (!this.#cursor.has(partition)) this.#cursor.set(partition, 0)
    }
  }

  async #read(positions: readonly Position[], options: ReadOptions): ReturnType<GatewayLogPort['read']> {
    try {
      return await this.#log.read(positions, options)
    } catch (error) {
      if (!isHeddleError(error, 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE')) throw error
      throw (await this.#outside(error)) ?? error
    }
  }

  /** Which of the offsets are not in the log, and which are: so that the reader can choose. */
  async #outside(cause?: unknown): Promise<HeddleError | undefined> {
    const partitions = await this.#log.partitions(this.#topic)
    const wrong = partitions.filter(({ partition, earliest, latest }) => {
      const offset = this.#cursor.get(partition)
      return offset !== undefined && (offset < earliest || offset > latest)
    })
    if (wrong.length === 0) return undefined
    const detail = wrong
      .map(
        ({ partition, earliest, latest }) =>
          `partition ${partition} has offsets ${earliest} to ${latest}, and ${this.#cursor.get(partition)} was asked for`,
      )
      .join('; ')
    const info = {
      partitions: wrong.map(({ partition, earliest, latest }) => ({ partition, earliest, latest })),
    }
    return new HeddleError('HEDDLE_LOG_OFFSET_OUT_OF_RANGE', detail, { cause, info })
  }
}

// A condition that fails on an event (it asks for a field that is not there) does not want it, as in the CloudEvents
// Subscriptions specification.
function wants(filter: CelPredicate, event: unknown): boolean {
  try {
    return filter(event)
  } catch (error) {
    if (isHeddleError(error)) return false
    throw error
  }
}

/** The filter of a query. @throws HEDDLE_EXPRESSION_INVALID */
export const filterOf = (text: string | undefined): CelPredicate | undefined =>
  text === undefined ? undefined : celPredicate(text)
