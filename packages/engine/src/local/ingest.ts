import {
  type Clock,
  type Fetched,
  type GroupMember,
  type Log,
  type LogRecord,
  type TopicPartition,
  fromRecord,
  isHeddleError,
  sleep,
} from '@heddle/core'
import { skippedChannel } from './channels.ts'
import type { ComponentStats } from './component-stats.ts'
import { FirstElsewhere, type TopicsElsewhere, firstLookMs } from './first-elsewhere.ts'
import { Lane } from './lane.ts'
import type { Settings } from './options.ts'
import { Root, type RootOwner } from './root.ts'

export interface IngestContext {
  readonly topology: string
  readonly log: Log
  readonly clock: Clock
  readonly settings: Settings
  readonly spouts: readonly Inlet[]
  /** The root of a record, which nothing was emitted of yet; `undefined` when there is nothing to emit. */
  readonly rootOf: (owner: RootOwner, now: number, lane: Lane, record: LogRecord) => Begun | undefined
  /** Event time matters to some bolt: otherwise no time is read. */
  readonly timed: boolean
  /** What others read that has to be read first, where that is not seen by the spouts here. */
  readonly firstElsewhere?: TopicsElsewhere
  /** Event time that a partition had come to, as it was committed. */
  readonly timeOf: (partition: TopicPartition) => number
  /** An event could not be emitted. Holds its root until it is kept. */
  readonly refused: (root: Root, spout: Inlet, error: unknown) => void
}

/** What emits the records of a topic. */
export interface Inlet {
  readonly topic: string
  readonly component: string
  readonly stats: ComponentStats
  /** Its topic is read to its end before others are. */
  readonly first: boolean
  /** @throws What reading the record throws; nothing was emitted then. */
  emit(root: Root): void
}

export interface Begun {
  readonly root: Root
  /** Why the record cannot be read, when it cannot. */
  readonly unreadable?: unknown
}

/** The root of an event. */
export function eventRoot(owner: RootOwner, now: number, lane: Lane, record: LogRecord): Begun {
  const { topic, partition } = lane
  return { root: new Root(owner, now, { topic, partition, record, event: fromRecord(record, lane) }) }
}

/** How many records are emitted between two looks at the time. */
const recordsPerLook = 16

/** Reads the input topics, and makes roots of their records. */
export class Ingest {
  readonly #context: IngestContext
  readonly #spouts: ReadonlyMap<string, readonly Inlet[]>
  readonly #lanes = new Map<string, Lane>()
  #turn = 0
  #reading: AbortController | undefined
  #interrupted = false
  readonly #firstElsewhere: FirstElsewhere
  /** When others get their turn; kept from call to call, since a read may be answered without one. */
  #sliceEnd = 0

  constructor(context: IngestContext) {
    this.#context = context
    const byTopic = new Map<string, Inlet[]>()
    for (const spout of context.spouts) byTopic.set(spout.topic, [...(byTopic.get(spout.topic) ?? []), spout])
    this.#spouts = byTopic
    this.#firstElsewhere = new FirstElsewhere(context)
  }

  get lanes(): Iterable<Lane> {
    return this.#lanes.values()
  }

  /** There is nothing to read from. */
  get empty(): boolean {
    for (const { reading } of this.#lanes.values()) if (reading) return false
    return true
  }

  /** An event of that topic is done. */
  acked(topic: string): void {
    for (const { stats } of this.#spouts.get(topic) ?? []) stats.acked++
  }

  /** An event of that topic was not done in time. */
  failed(topic: string): void {
    for (const { stats } of this.#spouts.get(topic) ?? []) stats.failed++
  }

  /** Takes partitions on, where they were committed, or else from their beginning. */
  async add(partitions: readonly TopicPartition[], member: GroupMember): Promise<void> {
    const { log, clock, timeOf } = this.#context
    await this.#firstElsewhere.begin(member)
    const added = partitions.filter((place) => !this.#lanes.has(laneKey(place)))
    const committed = await member.committed(added)
    for (const place of added) {
      const known = committed.find(
        ({ topic, partition }) => topic === place.topic && partition === place.partition,
      )
      const found = (await log.partitions(place.topic)).find(({ partition }) => partition === place.partition)
      const progress = known ?? { offset: found?.earliest ?? 0 }
      const lane = new Lane(place, progress, timeOf(place), clock.now())
      lane.latest = found?.latest ?? 0
      if (this.#spouts.get(place.topic)?.some(({ first }) => first)) lane.firstUntil = lane.latest
      this.#lanes.set(laneKey(place), lane)
    }
  }

  /** Lets partitions go: what is under way of them counts for nothing any more. */
  remove(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) {
      const lane = this.#lanes.get(laneKey(place))
      if (!lane) continue
      lane.closed = true
      this.#lanes.delete(laneKey(place))
    }
  }

  lane(place: TopicPartition): Lane | undefined {
    return this.#lanes.get(laneKey(place))
  }

  /** Ends a read that waits; if there is none, the next one does not wait. */
  interrupt(): void {
    this.#interrupted = true
    this.#reading?.abort()
  }

  /** Reads one record again; `undefined` when it is not there any more. */
  async readAgain({ topic, partition }: Lane, offset: number): Promise<LogRecord | undefined> {
    try {
      const [part] = await this.#context.log.read([{ topic, partition, offset }], { maxRecords: 1 })
      return part?.records.find((record) => record.offset === offset)
    } catch (error) {
      if (isHeddleError(error, 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE')) return undefined
      throw error
    }
  }

  /** What comes next, at most `maxRecords`; waits up to `waitMs` milliseconds for it. */
  async read(maxRecords: number, waitMs: number): Promise<readonly Fetched[]> {
    const { log, settings } = this.#context
    const open = [...this.#lanes.values()].filter(({ reading }) => reading)
    const before = open.filter(({ next, firstUntil }) => next < firstUntil)
    const held =
      before.length === 0 && (await this.#firstElsewhere.waits((place) => this.lane(place) !== undefined))
    const ready = held
      ? open.filter(({ topic }) => this.#spouts.get(topic)?.some(({ first }) => first))
      : open
    const positions = (before.length > 0 ? before : ready).map(({ topic, partition, next }) => ({
      topic,
      partition,
      offset: next,
    }))
    // Another one first each time, so that a full partition does not take all.
    const first = this.#turn++ % Math.max(1, positions.length)
    const reading = new AbortController()
    this.#reading = reading
    try {
      if (positions.length === 0) {
        if (!this.#interrupted) await sleep(this.#context.clock, firstLookMs, reading.signal)
        return []
      }
      return await log.read([...positions.slice(first), ...positions.slice(0, first)], {
        maxBytes: settings.readBytes,
        maxRecords,
        waitMs: this.#interrupted ? 0 : held ? Math.min(waitMs, firstLookMs) : waitMs,
        signal: reading.signal,
      })
    } catch (error) {
      if (!isHeddleError(error, 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE')) throw error
      await this.#skip()
      return []
    } finally {
      this.#reading = undefined
      this.#interrupted = false
    }
  }

  /** Emits what was read, giving others their turn now and then. `going` says whether to go on. */
  async emitAll(fetched: readonly Fetched[], owner: RootOwner, going: () => boolean): Promise<number> {
    const { clock, settings } = this.#context
    let count = 0
    let now = clock.now()
    for (const part of fetched) {
      const lane = this.#lanes.get(laneKey(part))
      if (!lane) continue
      for (const record of part.records) {
        if (count++ % recordsPerLook === 0 && performance.now() > this.#sliceEnd) {
          await new Promise(setImmediate)
          now = clock.now()
          this.#sliceEnd = performance.now() + settings.sliceMs
        }
        if (lane.closed) break
        if (!going()) return count - 1
        if (!lane.done(record.offset)) this.emit(lane, record, owner, now)
        lane.next = record.offset + 1
      }
      if (lane.closed) continue
      lane.next = part.nextOffset
      lane.latest = Math.max(part.latest, lane.next)
      lane.lastActiveAt = now
    }
    return count
  }

  /** Emits one record, for the first time or again. */
  emit(lane: Lane, record: LogRecord, owner: RootOwner, now: number): void {
    const begun = this.#context.rootOf(owner, now, lane, record)
    if (!begun) return
    const { root, unreadable } = begun
    const timeBefore = lane.readTime
    if (this.#context.timed) lane.see(Math.min(root.time, now + this.#context.settings.maxFutureMs))
    for (const spout of this.#spouts.get(lane.topic) ?? []) {
      if (unreadable !== undefined) {
        this.#context.refused(root, spout, unreadable)
        break
      }
      try {
        spout.emit(root)
      } catch (error) {
        this.#context.refused(root, spout, error)
      }
    }
    root.release()
    if (root.finished || root.dead) return
    root.counted = true
    lane.begun(root, timeBefore)
    owner.begun(root)
  }

  /** Looks where the partitions end that have been silent, for those who need to know whether they are idle. */
  async lookAtEnds(silent: (lane: Lane) => boolean): Promise<void> {
    const topics = new Set([...this.#lanes.values()].filter(silent).map(({ topic }) => topic))
    for (const topic of topics) {
      for (const { partition, latest } of await this.#context.log.partitions(topic)) {
        const lane = this.lane({ topic, partition })
        if (lane) lane.latest = latest
      }
    }
  }

  /** Records that are not read yet. */
  async lag(): Promise<number> {
    await this.lookAtEnds(() => true)
    let lag = 0
    for (const { next, latest } of this.#lanes.values()) lag += Math.max(0, latest - next)
    return lag
  }

  /** Retention was faster than this topology: goes on where there still is something. */
  async #skip(): Promise<void> {
    const { log, topology } = this.#context
    for (const lane of this.#lanes.values()) {
      const found = (await log.partitions(lane.topic)).find(({ partition }) => partition === lane.partition)
      if (!found || (lane.next >= found.earliest && lane.next <= found.latest)) continue
      const { topic, partition, next: from } = lane
      if (skippedChannel.hasSubscribers)
        skippedChannel.publish({ topology, topic, partition, from, to: found.earliest })
      lane.next = found.earliest
    }
  }
}

const laneKey = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`
