/**
 * Messages of topics as they come, from the end on: each subscriber gets all, and nothing is kept for one that is not there.
 *
 * @module
 */
import { type Clock, type Fetched, type Position, type SignalLike, isHeddleError, sleep } from '@heddle/core'
import type { StompLimits } from '../limits.ts'
import { type Message, messageOf } from '../message/message.ts'
import type { StompLog } from '../options.ts'
import type { Given, Source } from './source.ts'
import type { Topics } from './topics.ts'

/** The next offset of each partition of each topic. */
export type Positions = Map<string, Map<number, number>>

export interface LiveSourceOptions {
  /** Where to begin; it is moved on as messages are read. */
  readonly positions: Positions
  readonly wants: (message: Message) => boolean
  /** Topics that fit a name with wildcards: those that come to fit are read from their beginning. */
  readonly matching: (() => Promise<readonly string[]>) | undefined
}

/** The ends, or the beginnings, of all partitions of the topics. */
export async function positionsOf(
  log: StompLog,
  names: readonly string[],
  at: 'earliest' | 'latest',
): Promise<Positions> {
  const positions: Positions = new Map()
  await Promise.all(
    names.map(async (name) => {
      const partitions = await log.partitions(name)
      positions.set(name, new Map(partitions.map((one) => [one.partition, one[at]])))
    }),
  )
  return positions
}

export class LiveSource implements Source {
  readonly #log: StompLog
  readonly #limits: StompLimits
  readonly #options: LiveSourceOptions
  readonly #clock: Clock
  readonly #closed = new AbortController()
  /** Read, and not given out. */
  #waiting: Given[] = []
  #refresh = false
  #wake: AbortController | undefined

  constructor(log: StompLog, topics: Topics, limits: StompLimits, clock: Clock, options: LiveSourceOptions) {
    this.#log = log
    this.#limits = limits
    this.#options = options
    this.#clock = clock
    if (!options.matching) return
    topics.onMade(() => {
      this.#refresh = true
      this.#wake?.abort()
    }, this.#closed.signal)
  }

  async next(max: number, signal: SignalLike): Promise<readonly Given[]> {
    if (this.#waiting.length === 0) await this.#read(signal)
    return this.#waiting.splice(0, max)
  }

  async settle(): Promise<readonly string[]> {
    return []
  }

  async close(): Promise<void> {
    this.#closed.abort()
  }

  async #read(signal: SignalLike): Promise<void> {
    if (this.#refresh) await this.#takeUp()
    const { positions, wants } = this.#options
    const all: Position[] = []
    for (const [topic, partitions] of positions)
      for (const [partition, offset] of partitions) all.push({ topic, partition, offset })
    const fetched = await this.#fetch(all, signal)
    // Nothing for a while: partitions and topics may have been added.
    this.#refresh ||= fetched.length === 0
    for (const { nextOffset, partition, records, topic } of fetched) {
      for (const record of records) {
        const place = {
          topic,
          partition,
          offset: record.offset,
          timestamp: record.timestamp,
          redelivered: false,
        }
        const message = messageOf(record, place)
        if (wants(message)) this.#waiting.push({ message, lease: undefined })
      }
      positions.get(topic)?.set(partition, nextOffset)
    }
  }

  async #fetch(positions: readonly Position[], signal: SignalLike): Promise<readonly Fetched[]> {
    const { readBytes, refreshMs } = this.#limits
    const wake = (this.#wake = new AbortController())
    const stop = (): void => wake.abort()
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    try {
      if (positions.length === 0) {
        await sleep(this.#clock, refreshMs, wake.signal)
        return []
      }
      return await this.#log.read(positions, { maxBytes: readBytes, waitMs: refreshMs, signal: wake.signal })
    } catch (error) {
      const gone =
        isHeddleError(error, 'HEDDLE_LOG_UNKNOWN_TOPIC') ||
        isHeddleError(error, 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE')
      if (!gone) throw error
      await this.#catchUp()
      return []
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** New partitions, and new topics that fit. */
  async #takeUp(): Promise<void> {
    this.#refresh = false
    const { matching, positions } = this.#options
    const names = new Set(positions.keys())
    if (matching) for (const name of await matching()) names.add(name)
    for (const name of names) {
      const info = await this.#log.describeTopic(name)
      if (!info) positions.delete(name)
      else {
        const known = positions.get(name) ?? new Map<number, number>()
        for (let partition = 0; partition < info.partitions; partition++)
          if (!known.has(partition)) known.set(partition, 0)
        positions.set(name, known)
      }
    }
  }

  /** What was to be read is not kept any more, or the topic is gone: on from what there is. */
  async #catchUp(): Promise<void> {
    const { positions } = this.#options
    for (const [name, known] of positions) {
      if (!(await this.#log.describeTopic(name))) positions.delete(name)
      else
        for (const { earliest, latest, partition } of await this.#log.partitions(name)) {
          const offset = known.get(partition) ?? earliest
          known.set(partition, offset < earliest || offset > latest ? earliest : offset)
        }
    }
  }
}
