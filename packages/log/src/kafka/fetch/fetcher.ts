/**
 * Reads from several partitions at once. Who reads on gets what was asked for while the last part was worked on, and what
 * the last fetch brought beyond that (see `ReadAhead`). A broker that has nothing keeps a fetch until something comes; so that a read
 * can be answered by one broker while another still waits, a fetch that is under way is kept, and taken up by the next
 * read that asks for the same.
 *
 * @module
 */
import { type Fetched, HeddleError, type Position, type ReadOptions, type SignalLike } from '@heddle/core'
import type { Cluster } from '../client/cluster.ts'
import { backoffMs } from '../client/retry.ts'
import { KafkaError, errorOf, heddleError } from '../errors.ts'
import { asKafkaError } from '../produce/send.ts'
import { type FetchAnswer, type FetchedPartition, fetchApi } from '../wire/fetch.ts'
import { BatchDamage, decodeBatches } from '../wire/record-batch.ts'
import { type Range, listRange } from './list-offsets.ts'
import { ReadAhead } from './read-ahead.ts'

/** How long a broker keeps a fetch at most, in ms: it bounds how long a connection is taken by a read that ended. */
const longestFetchMs = 5_000

const defaultMaxBytes = 2 ** 20

/** How many fetches that nobody waits for are kept, for the read that asks for the same next. */
const keptFetches = 16

interface Outstanding {
  readonly answer: Promise<FetchAnswer | KafkaError>
  /** Some read waits for it. */
  claims: number
}

export class Fetcher {
  readonly #cluster: Cluster
  readonly #outstanding = new Map<string, Outstanding>()
  readonly #idleLanes = new Map<number, string[]>()
  readonly #ahead: ReadAhead
  /** Fetches under way that nobody waits for yet, by place. */
  readonly #coming = new Map<string, Promise<void>>()
  /** Grows when something is forgotten: what is on its way then is not kept. */
  #forgotten = 0
  #lanes = 0
  #turn = 0

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#ahead = new ReadAhead(cluster.settings.clock)
  }

  /** Called when records of a topic were deleted. */
  forget(topic: string): void {
    this.#forgotten++
    this.#ahead.forget(topic)
  }

  /** See `Log.read`. */
  async read(positions: readonly Position[], options: ReadOptions = {}): Promise<Fetched[]> {
    const { clock, deliveryTimeoutMs } = this.#cluster.settings
    const { waitMs = 0, signal, maxBytes = defaultMaxBytes, maxRecords = Number.POSITIVE_INFINITY } = options
    const end = clock.now() + waitMs
    const giveUp = clock.now() + Math.max(deliveryTimeoutMs, waitMs)
    const places = new Map(positions.map((position) => [keyOf(position), { ...position }]))
    const moved = new Map<string, Fetched>()
    const follows = positions.some((position) => this.#ahead.follows(position))
    for (let failures = 0; ;) {
      if (places.size === 0) return []
      const asked = [...places.values()]
      const atHand = await this.#atHand(asked, maxBytes, signal)
      const left = Math.max(0, Math.min(end - clock.now(), longestFetchMs))
      const found = atHand.length > 0 ? atHand : await this.#round(asked, left, maxBytes, signal)
      if (found === 'aborted') return [...moved.values()]
      if (found instanceof KafkaError) {
        const pause = backoffMs(failures++)
        if (!found.retryable || clock.now() + pause > giveUp || signal?.aborted === true)
          throw heddleError(found, 'read')
        await pauseFor(this.#cluster, pause, signal)
        continue
      }
      failures = 0
      const fetched: Fetched[] = []
      let records = 0
      for (const partition of found) {
        const key = keyOf(partition)
        const place = places.get(key)
        if (place === undefined || records >= maxRecords) continue
        const read = await this.#decode(partition, place.offset, maxRecords - records)
        this.#ahead.begun(partition)
        if (read.records.length > 0) {
          place.offset = read.nextOffset
          fetched.push(read)
          records += read.records.length
          moved.delete(key)
        } else if (read.nextOffset > place.offset) {
          // Only marks of transactions, or what was aborted: on with the wait, from behind it.
          place.offset = read.nextOffset
          moved.set(key, read)
        }
      }
      if (fetched.length === 0 && clock.now() < end && signal?.aborted !== true) continue
      // Only for one who reads on: whoever wanted one record will not be back.
      if (follows && fetched.length > 0) this.#askAhead([...places.values()], maxBytes)
      return [...fetched, ...moved.values()]
    }
  }

  /** What is here already, or on its way and comes before anything that would be asked for now. */
  async #atHand(
    positions: readonly Position[],
    maxBytes: number,
    signal: SignalLike | undefined,
  ): Promise<readonly FetchedPartition[] | 'aborted'> {
    const found = this.#ahead.covering(positions, maxBytes)
    if (found.length > 0) return found
    const coming = positions.flatMap((position) => this.#coming.get(placeOf(position)) ?? [])
    if (coming.length === 0) return []
    if (await abortedBefore(Promise.race(coming), signal)) return 'aborted'
    return this.#ahead.covering(positions, maxBytes)
  }

  /** Asks for what is next, where it is known that there is more; those at their end are asked on the occasion. */
  #askAhead(positions: readonly Position[], maxBytes: number): void {
    const wanted = positions.filter(
      (position) =>
        this.#ahead.covering([position], maxBytes).length === 0 && !this.#coming.has(placeOf(position)),
    )
    if (!wanted.some((position) => this.#ahead.moreBehind(position))) return
    const places = wanted.map((position) => ({ ...position }))
    // What fails is asked for again by the read that wants it.
    const fetching = this.#round(places, 0, maxBytes, undefined).then(() => {})
    for (const place of places) this.#coming.set(placeOf(place), fetching)
    void fetching.finally(() => {
      for (const place of places) this.#coming.delete(placeOf(place))
    })
  }

  /** What the first brokers to answer have; an error only when nothing was found. */
  async #round(
    positions: readonly Position[],
    waitMs: number,
    maxBytes: number,
    signal: SignalLike | undefined,
  ): Promise<readonly FetchedPartition[] | KafkaError | 'aborted'> {
    const byLeader = new Map<number, Position[]>()
    try {
      for (const position of positions) {
        const leader = await this.#cluster.leader(position.topic, position.partition)
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), position])
      }
    } catch (error) {
      return asKafkaError(error)
    }
    const fetches = [...byLeader].map(([leader, ofLeader]) => this.#fetch(leader, ofLeader, waitMs, maxBytes))
    const found: FetchedPartition[] = []
    const forgotten = this.#forgotten
    const offsets = new Map(positions.map((position) => [keyOf(position), position.offset]))
    let failure: KafkaError | undefined
    const take = (answer: FetchAnswer | KafkaError): boolean => {
      if (answer instanceof KafkaError) {
        failure ??= answer
        for (const { topic } of positions) this.#cluster.forgetTopic(topic)
        return true
      }
      for (const partition of answer.partitions) {
        const error = errorOf(partition.errorCode)
        if (error === undefined) {
          if ((partition.batches?.length ?? 0) === 0) continue
          found.push(partition)
          if (forgotten === this.#forgotten)
            this.#ahead.keep(partition, offsets.get(keyOf(partition))!, maxBytes)
        } else if (error.id === 'OFFSET_OUT_OF_RANGE') found.push(partition)
        else {
          failure ??= error
          this.#cluster.forgetTopic(partition.topic)
        }
      }
      return found.length > 0 || failure !== undefined
    }
    const aborted = await firstOf(fetches, take, signal)
    if (found.length > 0) return found
    if (failure !== undefined) return failure
    return aborted ? 'aborted' : []
  }

  /** Takes up the same fetch where it is under way already, or has come for nobody. */
  #fetch(leader: number, positions: readonly Position[], waitMs: number, maxBytes: number): Fetching {
    const wanted = positions.map(placeOf).sort()
    const name = `${leader} ${maxBytes} ${wanted.join(' ')}`
    let outstanding = this.#outstanding.get(name)
    if (outstanding === undefined) {
      outstanding = { answer: this.#send(leader, positions, waitMs, maxBytes), claims: 0 }
      this.#outstanding.set(name, outstanding)
      this.#prune()
    }
    outstanding.claims++
    const mine = outstanding
    return {
      answer: mine.answer,
      done: (taken) => {
        mine.claims--
        if (taken && this.#outstanding.get(name) === mine) this.#outstanding.delete(name)
      },
    }
  }

  #prune(): void {
    let unclaimed = [...this.#outstanding].filter(([, { claims }]) => claims === 0)
    if (unclaimed.length <= keptFetches) return
    unclaimed = unclaimed.slice(0, unclaimed.length - keptFetches)
    for (const [name] of unclaimed) this.#outstanding.delete(name)
  }

  async #send(
    leader: number,
    positions: readonly Position[],
    waitMs: number,
    maxBytes: number,
  ): Promise<FetchAnswer | KafkaError> {
    const idle = this.#idleLanes.get(leader) ?? []
    this.#idleLanes.set(leader, idle)
    const lane = idle.pop() ?? `fetch-${this.#lanes++}`
    // Brokers fill an answer in the order that is asked for: each partition gets its turn to be the first.
    const first = this.#turn++ % positions.length
    const rotated = [...positions.slice(first), ...positions.slice(0, first)]
    try {
      const answer = await this.#cluster.request(leader, lane, fetchApi, rotated, Math.ceil(waitMs), maxBytes)
      return errorOf(answer.errorCode) ?? answer
    } catch (error) {
      return asKafkaError(error)
    } finally {
      idle.push(lane)
    }
  }

  async #decode(partition: FetchedPartition, offset: number, limit: number): Promise<Fetched> {
    const { topic, lastStableOffset, aborted, batches } = partition
    const place = { topic, partition: partition.partition }
    if (partition.errorCode !== 0)
      throw outOfRange({ ...place, offset }, await listRange(this.#cluster, place))
    try {
      const { records, nextOffset } = decodeBatches(batches!, offset, aborted, limit)
      return { ...place, records, nextOffset, latest: Math.max(lastStableOffset, nextOffset) }
    } catch (error) {
      if (!(error instanceof BatchDamage)) throw error
      this.#ahead.forget(topic)
      const { nextOffset } = error
      throw new HeddleError(
        'HEDDLE_LOG_CORRUPT',
        `topic '${topic}', partition ${place.partition}, offsets ${error.offset} to ${nextOffset - 1}: ${error.message}`,
        { cause: error, info: { ...place, offset: error.offset, lastOffset: nextOffset - 1, nextOffset } },
      )
    }
  }
}

interface Fetching {
  readonly answer: Promise<FetchAnswer | KafkaError>
  /** @param taken The answer was used, and is not for another read. */
  readonly done: (taken: boolean) => void
}

const keyOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`

const placeOf = (position: Position): string => `${keyOf(position)}@${position.offset}`

/** Waits for it, or for the signal; true for the signal. */
function abortedBefore(coming: Promise<unknown>, signal: SignalLike | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal?.removeEventListener('abort', done)
      resolve(signal?.aborted === true)
    }
    signal?.addEventListener('abort', done)
    void coming.finally(done)
    if (signal?.aborted === true) done()
  })
}

/** Hands answers to `take` until it says that this is enough, all have come, or the signal; true for the signal. */
function firstOf(
  fetches: readonly Fetching[],
  take: (answer: FetchAnswer | KafkaError) => boolean,
  signal: SignalLike | undefined,
): Promise<boolean> {
  return new Promise((resolve) => {
    let left = fetches.length
    let over = false
    const taken = new Set<Fetching>()
    const finish = (aborted: boolean): void => {
      if (over) return
      over = true
      signal?.removeEventListener('abort', onAbort)
      for (const fetch of fetches) fetch.done(taken.has(fetch))
      resolve(aborted)
    }
    const onAbort = (): void => finish(true)
    signal?.addEventListener('abort', onAbort)
    for (const fetch of fetches) {
      void fetch.answer.then((answer) => {
        if (over) return
        taken.add(fetch)
        const enough = take(answer)
        if (--left === 0 || enough) finish(false)
      })
    }
    if (signal?.aborted === true) finish(true)
  })
}

function pauseFor(
  { settings: { clock } }: Cluster,
  ms: number,
  signal: SignalLike | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.clear()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.after(ms, done)
    signal?.addEventListener('abort', done)
  })
}

export function outOfRange({ topic, partition, offset }: Position, { earliest, latest }: Range): HeddleError {
  return new HeddleError(
    'HEDDLE_LOG_OFFSET_OUT_OF_RANGE',
    `topic '${topic}', partition ${partition} has ${earliest} to ${latest}, and ${offset} was asked for`,
    { info: { topic, partition, offset, earliest, latest } },
  )
}
