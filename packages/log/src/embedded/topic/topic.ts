import type { TopicInfo } from '@heddle/core'
import type { DedupeIndex } from '../commit/dedupe-index.ts'
import type { PartitionHead } from '../partition-head.ts'

/** A topic as this process knows it. */
export class Topic {
  readonly id: number
  readonly name: string
  info: TopicInfo
  partitions: readonly Partition[] = []
  /** Deleted, here or by another process. */
  deleted = false
  /** Whose turn it is for records without a key. */
  turn = 0

  constructor(id: number, info: TopicInfo) {
    this.id = id
    this.name = info.name
    this.info = info
    this.update(info)
  }

  /** Takes new settings; partitions that were there stay the same objects. */
  update(info: TopicInfo): void {
    if (info.dedupe.ms !== this.info.dedupe.ms || info.dedupe.ids !== this.info.dedupe.ids)
      for (const partition of this.partitions) partition.dedupe = undefined
    this.info = info
    this.partitions = Array.from(
      { length: info.partitions },
      (_, index) => this.partitions[index] ?? new Partition(this, index),
    )
  }
}

/** A partition as this process knows it. */
export class Partition {
  readonly topic: Topic
  readonly index: number
  /** As of the write transaction under way, or the last one; `undefined` when another process may have changed it. */
  head: PartitionHead | undefined
  /** Built when it is first needed. */
  dedupe: DedupeIndex | undefined
  /** Reads that wait for records. */
  readonly waiting = new Set<() => void>()

  constructor(topic: Topic, index: number) {
    this.topic = topic
    this.index = index
  }
}
