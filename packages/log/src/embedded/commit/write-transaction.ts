import type { Batch } from '../batch/batch.ts'
import { headKey, tailKey } from '../keys.ts'
import { type PartitionHead, decodeHead, encodeHead } from '../partition-head.ts'
import type { Partition } from '../topic/topic.ts'
import type { Tree } from '../tree.ts'

/** Counters of the whole log; changed by every commit, so that one look tells whether anything happened. */
export interface Tail {
  readonly commits: number
  /** Bytes of all batches. */
  readonly bytes: number
  /** Changes when topics or their settings do. */
  readonly topicsVersion: number
}

export function readTail(tree: Tree): Tail {
  const bytes = tree.get(tailKey)
  if (bytes === undefined) return { commits: 0, bytes: 0, topicsVersion: 0 }
  return {
    commits: bytes.readDoubleLE(0),
    bytes: bytes.readDoubleLE(8),
    topicsVersion: bytes.readDoubleLE(16),
  }
}

/** What a request sees of the LMDB write transaction that it runs in. */
export class WriteTransaction {
  readonly tree: Tree
  /** Time of the transaction, ms. */
  readonly now: number
  /** Bytes of all batches, with what this transaction has changed. */
  bytes: number
  topicsChanged = false
  /** Something is to be committed. */
  wrote = false
  /** Groups whose members or owners changed. */
  readonly groups: Set<string> = new Set()
  records = 0
  duplicates = 0
  batches = 0
  batchBytes = 0
  /** Batches read in this transaction. They may be gone if it fails, and so are not kept after it. */
  readonly seen: Map<string, Batch> = new Map()
  /** Partitions whose state in memory was changed; it is dropped when the transaction fails. */
  readonly touched: Set<Partition> = new Set()
  readonly #tail: Tail
  readonly #heads = new Set<Partition>()

  constructor(tree: Tree, tail: Tail, now: number) {
    this.tree = tree
    this.now = now
    this.bytes = tail.bytes
    this.#tail = tail
  }

  head(partition: Partition): PartitionHead {
    return (partition.head ??= decodeHead(this.tree.get(headKey(partition.topic.id, partition.index))))
  }

  /** Notes a partition's new head; it is written once, at the end. */
  setHead(partition: Partition, head: PartitionHead): void {
    partition.head = head
    this.touched.add(partition)
    this.#heads.add(partition)
  }

  /** Partitions that got records, or lost them. */
  get changedPartitions(): ReadonlySet<Partition> {
    return this.#heads
  }

  /** Takes back what was noted for a partition whose topic is deleted in this transaction. */
  dropHead(partition: Partition): void {
    this.#heads.delete(partition)
  }

  put(key: Buffer, value: Buffer): void {
    this.wrote = true
    void this.tree.put(key, value)
  }

  remove(key: Buffer): void {
    this.wrote = true
    void this.tree.remove(key)
  }

  /** Writes what was noted. @returns the new tail. */
  finish(): Tail {
    for (const { topic, index, head } of this.#heads) this.put(headKey(topic.id, index), encodeHead(head!))
    const tail = {
      commits: this.#tail.commits + 1,
      bytes: this.bytes,
      topicsVersion: this.#tail.topicsVersion + (this.topicsChanged ? 1 : 0),
    }
    const bytes = Buffer.allocUnsafe(24)
    bytes.writeDoubleLE(tail.commits, 0)
    bytes.writeDoubleLE(tail.bytes, 8)
    bytes.writeDoubleLE(tail.topicsVersion, 16)
    this.put(tailKey, bytes)
    return tail
  }
}
