import type { CommittedOffset, TopicPartition } from '@heddle/core'
import type { TimeSource } from './event-time.ts'
import type { Root } from './root.ts'
import { type Progress, doneBefore, encodeProgress } from './unfinished.ts'

interface Unfinished {
  root: Root
  /** Event time of the partition before this event. */
  readonly timeBefore: number
}

/** How far the topology has come in one partition. */
export class Lane implements TopicPartition, TimeSource {
  readonly topic: string
  readonly partition: number
  /** The next offset to read. */
  next: number
  /** The partition's end, when it was last seen. */
  latest: number
  /** Clock time when something came last. */
  lastActiveAt: number
  /** False while it is on its way to another member: nothing more is read. */
  reading = true
  /** All before this offset is read before other partitions are: rows of a table that joins find. */
  firstUntil = 0
  /** It was given up: what is under way of it counts for nothing. */
  closed = false
  /** Offsets that failed and have to be read again. */
  readonly replays: number[] = []
  readonly #doneBefore: (offset: number) => boolean
  readonly #unfinished = new Map<number, Unfinished>()
  #time: number
  #committed: Progress

  /** @param time Event time that it had come to before. */
  constructor({ topic, partition }: TopicPartition, committed: Progress, time: number, now: number) {
    this.topic = topic
    this.partition = partition
    this.next = committed.offset
    this.latest = committed.offset
    this.lastActiveAt = now
    this.#doneBefore = doneBefore(committed)
    this.#time = time
    this.#committed = committed
  }

  /** True for what was done before a restart. */
  done(offset: number): boolean {
    return this.#doneBefore(offset)
  }

  /** How many events are not done. */
  get unfinished(): number {
    return this.#unfinished.size
  }

  /** The first offset that is not done of those that were read; `Infinity` when there is none. */
  get firstUnfinished(): number {
    const first = this.#unfinished.keys().next()
    return first.done === true ? Number.POSITIVE_INFINITY : first.value
  }

  *roots(): Iterable<Root> {
    for (const { root } of this.#unfinished.values()) yield root
  }

  /**
   * An event was begun, and not done at once.
   * @param timeBefore What `time` was before it.
   */
  begun(root: Root, timeBefore: number): void {
    const { offset } = root.place!.record
    const replayed = this.#unfinished.get(offset)
    // In its old place: it still is what all behind it have to wait for.
    if (replayed) replayed.root = root
    else this.#unfinished.set(offset, { root, timeBefore })
  }

  /** An event is done that was not done at once, or cannot be done any more. */
  finished(offset: number): void {
    this.#unfinished.delete(offset)
  }

  /** Event time of all events that were read. */
  get readTime(): number {
    return this.#time
  }

  /** An event of that time was read. */
  see(time: number): void {
    if (time > this.#time) this.#time = time
  }

  /** Event time that all events have passed which are done without a gap. */
  get time(): number {
    const first = this.#unfinished.values().next()
    return first.done === true ? this.#time : first.value.timeBefore
  }

  /** What to commit, or `undefined` when that has not changed. */
  progress(): CommittedOffset | undefined {
    const progress = encodeProgress(this.#unfinished.keys(), this.next)
    const { offset, metadata } = this.#committed
    if (progress.offset === offset && progress.metadata === metadata) return undefined
    return { topic: this.topic, partition: this.partition, ...progress }
  }

  get exhausted(): boolean {
    return this.#unfinished.size === 0 && this.next >= this.latest
  }

  /** What is done for good: it does not come again. */
  get committedProgress(): Progress {
    return this.#committed
  }

  /** All before it is done for good. */
  get committedOffset(): number {
    return this.#committed.offset
  }

  committed(progress: Progress): void {
    this.#committed = progress
  }
}
