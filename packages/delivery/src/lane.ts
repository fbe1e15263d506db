import type { CommittedOffset, TopicPartition } from '@heddle/core'
import type { Item } from './item.ts'
import { type Open, type Progress, decodeProgress, encodeProgress } from './progress.ts'

/** How far the subscription has come in one partition that this process gives out. */
export class Lane implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** The next offset to read. */
  next: number
  /** It is on its way to another member: nothing more is read or given out. */
  leaving = false
  /** It went to another member. */
  gone = false
  /** There is something to commit. */
  dirty = false
  /** Nothing more is read until half of what is open is done. */
  full = false
  /** Called once, when nothing of it is leased any more. */
  idle: (() => void) | undefined
  leased = 0
  readonly open = new Map<number, Item>()
  /** What waits behind the first one of each key, that one included. */
  readonly keys = new Map<string, Item[]>()
  readonly #done: (offset: number) => boolean
  readonly #history: ReadonlyMap<number, Open>
  #committed: Progress
  #touched: number

  constructor({ topic, partition }: TopicPartition, committed: Progress) {
    this.topic = topic
    this.partition = partition
    this.next = committed.offset
    const { done, history, touched } = decodeProgress(committed)
    this.#touched = touched
    this.#done = done
    this.#history = history
    this.#committed = committed
  }

  /** True for what was done before. */
  done(offset: number): boolean {
    return this.#done(offset)
  }

  /** What happened to it before. */
  history(offset: number): Open | undefined {
    return this.#history.get(offset)
  }

  /** It is done, or was given out. */
  touch(offset: number): void {
    this.dirty = true
    if (offset >= this.#touched) this.#touched = offset + 1
  }

  /** What to commit, without those that `settled` says are done with this commit; `undefined` when it has not changed. */
  progress(settled: (item: Item) => boolean): CommittedOffset | undefined {
    const progress = encodeProgress(except(this.open.values(), settled), this.next, this.#touched)
    const { offset, metadata } = this.#committed
    if (progress.offset === offset && progress.metadata === metadata) return undefined
    return { topic: this.topic, partition: this.partition, ...progress }
  }

  committed({ offset, metadata }: Progress): void {
    this.#committed = { offset, ...(metadata !== undefined && { metadata }) }
  }
}

function* except(items: Iterable<Item>, settled: (item: Item) => boolean): Iterable<Item> {
  for (const item of items) if (!settled(item)) yield item
}
