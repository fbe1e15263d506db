import type { Clock, Position, TopicPartition } from '@heddle/core'
import type { FetchedPartition } from '../wire/fetch.ts'
import { endOfBatches } from '../wire/record-batch.ts'

/** How much is kept of all partitions together, in bytes: sixteen reads of the usual size. What is oldest goes first. */
const mostBytes = 16 * 2 ** 20

/** Of each partition: what is being read and what comes behind it, for two readers at different places. */
const chunksEach = 4

/**
 * After this long, in milliseconds, it is fetched anew: other programs may have deleted the topic and made another of its
 * name, and the end of the partition that goes with what was fetched grows old.
 */
const freshMs = 2_000

interface Chunk {
  readonly partition: FetchedPartition
  /** It has all records from this offset … */
  readonly from: number
  /** … up to before this one. */
  readonly to: number
  /** What the fetch was limited to: a read with another limit has to ask for itself. */
  readonly maxBytes: number
  readonly at: number
  /** A read had its beginning. One that has it again asks the broker: it may be the turn of another partition. */
  begun: boolean
}

/**
 * What brokers sent and was not read yet: a fetch brings more than a read with `maxRecords` takes, and the next part of a
 * partition is asked for while the last one is being worked on.
 */
export class ReadAhead {
  readonly #clock: Clock
  /** By partition, the one that was added to last at the end. */
  readonly #chunks = new Map<string, Chunk[]>()
  #bytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Bytes that are kept now. */
  get bytes(): number {
    return this.#bytes
  }

  /** Keeps what a fetch from that offset has brought. */
  keep(partition: FetchedPartition, from: number, maxBytes: number): void {
    const { batches } = partition
    if (batches === null || batches.length > mostBytes) return
    const to = endOfBatches(batches, from)
    if (to === from) return
    const key = keyOf(partition)
    const chunks = this.#chunks.get(key) ?? []
    this.#chunks.delete(key)
    this.#chunks.set(key, chunks)
    chunks.push({ partition, from, to, maxBytes, at: this.#clock.now(), begun: false })
    this.#bytes += batches.length
    if (chunks.length > chunksEach) this.#dropFirst(key, chunks)
    while (this.#bytes > mostBytes) {
      const [oldest, its] = this.#chunks.entries().next().value!
      this.#dropFirst(oldest, its)
    }
  }

  /** What is there for a read from these positions, in their order: about `maxBytes` of it. */
  covering(positions: readonly Position[], maxBytes: number): FetchedPartition[] {
    const found: FetchedPartition[] = []
    let bytes = 0
    for (const position of positions) {
      if (bytes >= maxBytes) break
      const { offset } = position
      const chunk = this.#at(
        position,
        ({ from, to, begun }) => (begun ? from < offset : from <= offset) && offset < to,
      )
      if (chunk?.maxBytes !== maxBytes) continue
      found.push(chunk.partition)
      bytes += chunk.partition.batches!.length
    }
    return found
  }

  /** Some of it was read. */
  begun(partition: FetchedPartition): void {
    const chunk = this.#chunks.get(keyOf(partition))?.find((each) => each.partition === partition)
    if (chunk !== undefined) chunk.begun = true
  }

  /** Whether a read from there goes on with what was read before. */
  follows(position: Position): boolean {
    return this.#at(position, ({ from, to }) => from < position.offset && position.offset <= to) !== undefined
  }

  /** Whether there is more from this place on, which is not here: it is where something ends that is. */
  moreBehind(position: Position): boolean {
    const chunk = this.#at(position, ({ to }) => to === position.offset)
    return chunk !== undefined && chunk.to < chunk.partition.lastStableOffset
  }

  /** Drops what it has of a topic. */
  forget(topic: string): void {
    for (const [key, chunks] of this.#chunks)
      if (chunks[0]!.partition.topic === topic) while (chunks.length > 0) this.#dropFirst(key, chunks)
  }

  #at(position: Position, is: (chunk: Chunk) => boolean): Chunk | undefined {
    const oldest = this.#clock.now() - freshMs
    return this.#chunks.get(keyOf(position))?.find((chunk) => chunk.at >= oldest && is(chunk))
  }

  #dropFirst(key: string, chunks: Chunk[]): void {
    this.#bytes -= chunks.shift()!.partition.batches!.length
    if (chunks.length === 0) this.#chunks.delete(key)
  }
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`
