import { type Bytes, HeddleError, type KeyRange, type RestoreProgress, type Store } from '@heddle/core'
import { retrying } from '../client/retry.ts'
import { KafkaError } from '../errors.ts'
import { listBeginnings, listEnds } from '../fetch/list-offsets.ts'
import { decodeBatches } from '../wire/record-batch.ts'
import { bulkLoad } from './bulk-load.ts'
import { type ReadContext, readChangelog } from './changelog-reader.ts'
import { findChangelog, oldestCopyMs, openChangelog } from './changelog.ts'
import { copyError } from './copy-error.ts'
import { type Change, LocalCopy } from './local-copy.ts'
import { ProgressMeter } from './progress-meter.ts'

/** LMDB's limit is 1978 bytes, one of which is ours. */
const maxKeyBytes = 1900

/** From so many offsets on a restore has a thread of its own, which takes about a tenth of a second to begin. */
const worthThread = 50_000

export interface StoreContext extends ReadContext {
  /** The folder of the local copy. */
  readonly path: string
  /** Throws when the log is closed. */
  readonly open: () => void
}

/**
 * Keyed state: a local copy of a changelog topic, which is written in the transactions that change it.
 *
 * A local copy is written after its transaction was committed, so it is never ahead of the changelog; what it is behind, it
 * reads when the store is opened.
 */
export class KafkaStore implements Store {
  readonly name: string
  readonly topic: string
  /** Largest batch of the changelog, in bytes. */
  readonly batchLimit = 2 ** 19
  readonly #context: StoreContext
  /** Of the changelog, as it was when it was last opened. */
  #topicId = ''
  /** None as long as there is nothing in the changelog. */
  #copy: LocalCopy | undefined
  /** The copy has all up to here. */
  #offset = 0
  #work: Promise<unknown> = Promise.resolve()

  constructor(name: string, topic: string, context: StoreContext) {
    this.name = name
    this.topic = topic
    this.#context = context
  }

  /** The next offset of the changelog that the copy takes. */
  get offset(): number {
    return this.#offset
  }

  get(key: string): Bytes | undefined {
    this.#context.open()
    return this.#copy?.get(key)
  }

  *entries(range?: KeyRange): Iterable<readonly [string, Bytes]> {
    this.#context.open()
    if (this.#copy !== undefined) yield* this.#copy.entries(range)
  }

  size(): number {
    this.#context.open()
    return this.#copy?.size ?? 0
  }

  /** @throws HEDDLE_LOG_RECORD_INVALID when the key is too long to be kept. */
  checkKey(key: string): void {
    const bytes = Buffer.byteLength(key)
    if (bytes <= maxKeyBytes) return
    throw new HeddleError(
      'HEDDLE_LOG_RECORD_INVALID',
      `a state key has ${bytes} bytes, and at most ${maxKeyBytes} are kept`,
      { info: { maxBytes: maxKeyBytes } },
    )
  }

  /** Takes over what a transaction has committed at these offsets of the changelog. */
  apply(changes: ReadonlyMap<string, Bytes | null>, firstOffset: number, nextOffset: number): Promise<void> {
    return this.#inTurn(async () => {
      // Between two transactions of one writer lies one mark. If there is more, others have written: theirs come first.
      if (firstOffset - this.#offset > 1) return this.#readOn()
      // It was read already, by a follower.
      if (nextOffset <= this.#offset) return
      this.#take(
        [...changes].map(([key, value]) => [Buffer.from(key), value]),
        nextOffset,
      )
    })
  }

  /** Takes over what was read of the changelog from `from` on, if the copy has come just there. */
  follow(changes: readonly Change[], from: number, nextOffset: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#offset === from && nextOffset > from) this.#take(changes, nextOffset)
    })
  }

  /** Reads the changelog to its end, and makes one where there is none. */
  restore(progress?: (progress: RestoreProgress) => void): Promise<void> {
    const { cluster } = this.#context
    const { clock, deliveryTimeoutMs } = cluster.settings
    const attempt = async (): Promise<void> => {
      try {
        const { id } = await openChangelog(cluster, this.topic)
        await this.#find(id)
        await this.#readOn(progress)
      } catch (error) {
        if (!(error instanceof KafkaError) || error.id !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
        // Another process has deleted it in this moment: it is made anew.
        throw new KafkaError(error.id, this.topic, { cause: error, retryable: true })
      }
    }
    return this.#inTurn(() => retrying(clock, deliveryTimeoutMs, attempt))
  }

  /** The same for a copy that nobody uses yet. @returns false when there is no changelog. */
  prepare(): Promise<boolean> {
    return this.#inTurn(async () => {
      const changelog = await findChangelog(this.#context.cluster, this.topic)
      if (changelog === undefined) return false
      await this.#find(changelog.id)
      await this.#readOn(undefined, true)
      return true
    })
  }

  /** Deletes the copy. */
  delete(): Promise<void> {
    return this.#inTurn(() => this.#drop())
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#copy?.close()
      this.#copy = undefined
    })
  }

  /** Finds the copy of a changelog, where it is still of any use. */
  async #find(id: string): Promise<void> {
    const { path } = this.#context
    if (this.#topicId !== '' && this.#topicId !== id) await this.#drop()
    this.#topicId = id
    this.#copy ??= LocalCopy.find(path)
    if (this.#copy !== undefined && this.#copy.place.topicId !== id) await this.#drop()
    this.#offset = this.#copy?.place.offset ?? 0
  }

  async #readOn(tell?: (progress: RestoreProgress) => void, standby = false): Promise<void> {
    const { cluster } = this.#context
    const place = { topic: this.topic, partition: 0 }
    const [[begin], [end]] = await Promise.all([
      listBeginnings(cluster, [place]),
      // To the end of what is written, committed or not: a transaction that its owner could still commit when the
      // partitions were handed on is waited for.
      listEnds(cluster, [place], 'all'),
    ])
    if (!this.#isUsable(begin!, end!)) await this.#drop()
    this.#offset = Math.max(this.#offset, begin!)
    if (this.#offset === end!) return this.#touch()
    const meter = new ProgressMeter(this.name, cluster.settings.clock, end! - this.#offset, standby, tell)
    const from = this.#offset
    try {
      if (end! - from >= worthThread) await this.#load(end!, meter)
      for await (const chunk of readChangelog(this.#context, this.topic, this.#offset, end!)) {
        const { records } = decodeBatches(chunk.batches, chunk.from, chunk.aborted, Number.POSITIVE_INFINITY)
        this.#take(
          records.map(({ key, value }) => [key ?? Buffer.alloc(0), value]),
          chunk.to,
        )
        meter.add(chunk.to - from, records.length, chunk.batches.length)
      }
      this.#context.open()
      meter.end()
    } catch (error) {
      meter.fail(error)
      throw error
    }
  }

  /** By a thread, which writes to the file by itself. */
  async #load(end: number, meter: ProgressMeter): Promise<void> {
    const { cluster, path } = this.#context
    const copy = this.#ensureCopy()
    const from = this.#offset
    try {
      await bulkLoad(
        this.#context,
        this.topic,
        { path, from, bufferBytes: cluster.settings.restoreBufferBytes },
        end,
        (offset, records, bytes) => meter.add(offset - from, records, bytes),
      )
    } catch (error) {
      throw copyError(error, this.#context.path)
    } finally {
      this.#offset = copy.place.offset
    }
  }

  /**
   * False for a copy that is not of this log: it is ahead, or what it has to read on with is gone, or the marks of what was deleted
   * meanwhile may be.
   */
  #isUsable(begin: number, end: number): boolean {
    if (this.#copy === undefined) return true
    const { at } = this.#copy.place
    if (this.#offset < begin || this.#offset > end) return false
    // One mark at the end of the last transaction is no change.
    return end - this.#offset <= 1 || at > this.#context.cluster.settings.clock.now() - oldestCopyMs
  }

  #take(changes: readonly Change[], offset: number): void {
    try {
      const copy = this.#ensureCopy()
      const there = copy.apply(changes, this.#offset, offset, this.#context.cluster.settings.clock.now())
      if (!there) throw new Error(`${copy.path} was made anew by another process`)
    } catch (error) {
      throw copyError(error, this.#context.path)
    }
    this.#offset = offset
  }

  /** Notes that the copy is up to date now. */
  #touch(): void {
    if (this.#copy !== undefined) this.#take([], this.#offset)
  }

  #ensureCopy(): LocalCopy {
    const { path, cluster } = this.#context
    const place = { topicId: this.#topicId, offset: this.#offset, at: cluster.settings.clock.now() }
    try {
      return (this.#copy ??= LocalCopy.create(path, place))
    } catch (error) {
      throw copyError(error, path)
    }
  }

  async #drop(): Promise<void> {
    const copy = this.#copy
    this.#copy = undefined
    this.#offset = 0
    LocalCopy.delete(this.#context.path)
    await copy?.release()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => undefined)
    return done
  }
}
