import type { CommittedOffset, RecordInput, TopicPartition } from '@heddle/core'
import { utf8 } from '@heddle/core'
import { commitChannel } from './channels.ts'
import type { Ground } from './ground.ts'

const decoder = new TextDecoder()

/** What one commit takes, as it was at one moment. */
export interface Snapshot {
  readonly offsets: readonly CommittedOffset[]
  /** State was changed. */
  readonly state: boolean
  /** Names and values for the topology's own store. */
  readonly times: ReadonlyMap<string, number>
  /** Input events that were done since the last one. */
  readonly events: number
}

/**
 * Commits how far a topology has come, with the state and event time that belong to it.
 *
 * ```
 * store '<topology>':  'watermark' → ms,  'time/<topic>/<partition>' → ms      (decimal text)
 * store of a run of a stage:  'watermark' → ms,  'from/<source>' → ms
 * ```
 */
export class Committer {
  readonly #ground: Ground
  readonly #timed: boolean
  #completed: number
  #saved = new Map<string, number>()

  constructor(ground: Ground, timed: boolean) {
    this.#ground = ground
    this.#timed = timed
    this.#completed = ground.stats.completed
  }

  /** Closes what has changed since the last snapshot; that one must have been committed. */
  snapshot(): Snapshot {
    const { ingest, states, stats } = this.#ground
    const offsets: CommittedOffset[] = []
    for (const lane of ingest.lanes) {
      const progress = lane.progress()
      if (progress) offsets.push(progress)
    }
    const state = states.some(({ changed }) => changed)
    for (const each of states) each.freeze()
    const events = stats.completed - this.#completed
    this.#completed = stats.completed
    return { offsets, state, times: this.#timed ? this.#times() : new Map<string, number>(), events }
  }

  /**
   * Commits all of it, or nothing. Resolves when it is durable.
   * @param outputs Records to append in the same transaction.
   */
  async commit(snapshot: Snapshot, outputs: ReadonlyMap<string, readonly RecordInput[]>): Promise<void> {
    const { member, transactor, meta, states, ingest, stats, appended } = this.#ground
    const { offsets, state, times } = snapshot
    const started = performance.now()
    if (member && outputs.size === 0 && !state && times.size === 0) {
      await member.commit(offsets)
    } else {
      const transaction = transactor.begin()
      try {
        for (const [topic, records] of outputs) transaction.append(topic, records)
        if (member) transaction.commitOffsets(member, offsets)
        for (const each of states) each.write(transaction)
        for (const [name, time] of times) transaction.put(meta, name, utf8(String(time)))
      } catch (error) {
        await transaction.abort()
        throw error
      }
      await transaction.commit()
      for (const each of states) each.settle()
      for (const [topic, records] of outputs) appended(topic, records.length)
      for (const [name, time] of times) this.#saved.set(name, time)
    }
    for (const offset of offsets) ingest.lane(offset)?.committed(offset)
    stats.commits++
    this.#publish(snapshot, outputs, performance.now() - started)
  }

  #times(): Map<string, number> {
    const times = new Map<string, number>()
    const add = (name: string, time: number): void => {
      if (Number.isFinite(time) && this.#saved.get(name) !== time) times.set(name, time)
    }
    const { ingest, carried } = this.#ground
    if (carried) for (const [source, time] of carried.entries()) add(sourceName(source), time)
    else for (const lane of ingest.lanes) add(timeName(lane), lane.time)
    add('watermark', this.#ground.eventTime.watermark)
    return times
  }

  #publish({ events }: Snapshot, outputs: ReadonlyMap<string, readonly RecordInput[]>, ms: number): void {
    if (!commitChannel.hasSubscribers) return
    const { topology } = this.#ground
    let count = 0
    for (const records of outputs.values()) count += records.length
    const { guarantee } = topology.plan.settings
    commitChannel.publish({ topology: topology.name, guarantee, events, outputs: count, ms })
  }
}

/** True when there is nothing to commit but where event time has come to, which need not be kept by itself. */
export const isEmpty = ({ offsets, state }: Snapshot): boolean => offsets.length === 0 && !state

const sourceName = (source: string): string => `from/${source}`
const timeName = ({ topic, partition }: TopicPartition): string => `time/${topic}/${partition}`

/** Event time as it was committed. */
export function savedTimes(meta: Ground['meta']): {
  readonly watermark: number
  readonly timeOf: (place: TopicPartition) => number
  readonly source: (source: string) => number
} {
  const read = (name: string): number => {
    const bytes = meta.get(name)
    return bytes === undefined ? -Infinity : Number(decoder.decode(bytes))
  }
  return {
    watermark: read('watermark'),
    timeOf: (place) => read(timeName(place)),
    source: (name) => read(sourceName(name)),
  }
}
