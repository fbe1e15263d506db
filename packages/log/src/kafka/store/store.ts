/**
 * Keyed state: a local copy of a changelog topic, which is written in the transactions that change it.
 *
 * ```
 * changelog   = "__heddle_store." name, 1 partition, cleanup.policy compact; key and value as they are, null deletes
 * local copy  = LMDB, for each store:
 *   0x00 name            → JSON { topicId, offset, size, at }    ; the changelog is applied up to offset
 *   0x01 name 0x00 key   → value
 * ```
 *
 * A local copy is written after its transaction was committed, so it is never ahead of the changelog; what it is behind,
 * it reads when the store is opened. One that was last written long ago is made anew: the changelog may have dropped the
 * marks of what was deleted.
 *
 * @module
 */
import { type Bytes, HeddleError, type KeyRange, type Store } from '@heddle/core'
import type { RootDatabase } from 'lmdb'
import { publish } from '../channels.ts'
import type { Cluster } from '../client/cluster.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import { listBeginnings, listEnds } from '../fetch/list-offsets.ts'

export type StateTree = RootDatabase<Buffer, Buffer>

interface Applied {
  readonly topicId: string
  readonly offset: number
  readonly size: number
  readonly at: number
}

/** LMDB's limit is 1978 bytes. */
const maxKeyBytes = 1900

/** Kafka keeps marks of deletion for a day (`delete.retention.ms`); a copy older than half of that starts anew. */
const oldestCopyMs = 43_200_000

export interface StoreContext {
  readonly cluster: Cluster
  readonly fetcher: Fetcher
  readonly tree: StateTree
  /** Throws when the log is closed. */
  readonly open: () => void
}

export class KafkaStore implements Store {
  readonly name: string
  readonly topic: string
  /** Largest batch of the changelog, in bytes. */
  readonly batchLimit = 2 ** 19
  readonly #context: StoreContext
  readonly #meta: Buffer
  readonly #prefix: Buffer
  #applied: Applied
  #work: Promise<unknown> = Promise.resolve()

  constructor(name: string, topic: string, topicId: string, context: StoreContext) {
    this.name = name
    this.topic = topic
    this.#context = context
    this.#meta = Buffer.concat([Buffer.of(0), Buffer.from(name)])
    this.#prefix = Buffer.concat([Buffer.of(1), Buffer.from(name), Buffer.of(0)])
    const stored = context.tree.get(this.#meta)
    const applied = stored === undefined ? undefined : (JSON.parse(stored.toString()) as Applied)
    const usable =
      applied !== undefined &&
      applied.topicId === topicId &&
      applied.at > context.cluster.settings.clock.now() - oldestCopyMs
    this.#applied = usable ? applied : { topicId, offset: -1, size: 0, at: 0 }
  }

  get(key: string): Bytes | undefined {
    this.#context.open()
    return this.#context.tree.getBinary(this.#key(key))
  }

  *entries({ gte = '', lt, limit }: KeyRange = {}): Iterable<readonly [string, Bytes]> {
    this.#context.open()
    const range = this.#context.tree.getRange({
      start: this.#key(gte),
      end: lt === undefined ? this.#end() : this.#key(lt),
      ...(limit === undefined ? {} : { limit }),
    })
    for (const { key, value } of range) yield [key.toString('utf8', this.#prefix.length), value]
  }

  size(): number {
    this.#context.open()
    return this.#applied.size
  }

  /** @throws HEDDLE_LOG_RECORD_INVALID when the key is too long to be kept. */
  checkKey(key: string): void {
    const bytes = Buffer.byteLength(key) + this.#prefix.length
    if (bytes <= maxKeyBytes) return
    throw new HeddleError(
      'HEDDLE_LOG_RECORD_INVALID',
      `a state key and the name of its store have ${bytes} bytes, and at most ${maxKeyBytes} are kept`,
      { info: { maxBytes: maxKeyBytes } },
    )
  }

  /** Takes over what a transaction has committed at these offsets of the changelog. */
  apply(changes: ReadonlyMap<string, Bytes | null>, firstOffset: number, nextOffset: number): Promise<void> {
    return this.#inTurn(async () => {
      // Between two transactions of one writer lies one mark. If there is more, others have written: theirs come first.
      if (firstOffset - this.#applied.offset > 1) await this.#readOn()
      else await this.#write([...changes], nextOffset)
    })
  }

  /** Reads the changelog to its end. */
  restore(): Promise<void> {
    return this.#inTurn(() => this.#readOn())
  }

  async #readOn(): Promise<void> {
    const { cluster, fetcher } = this.#context
    const { clock } = cluster.settings
    const place = { topic: this.topic, partition: 0 }
    const [[begin], [end]] = await Promise.all([
      listBeginnings(cluster, [place]),
      // To the end of what is written, committed or not: a transaction that its owner could still commit when the
      // partitions were handed on is waited for.
      listEnds(cluster, [place], 'all'),
    ])
    if (this.#applied.offset < begin!) await this.#clear(begin!)
    const from = this.#applied.offset
    const started = clock.now()
    let records = 0
    while (this.#applied.offset < end!) {
      this.#context.open()
      const [fetched] = await fetcher.read([{ ...place, offset: this.#applied.offset }], {
        waitMs: 1_000,
        maxBytes: 4 * 2 ** 20,
      })
      if (fetched === undefined) continue
      records += fetched.records.length
      await this.#write(
        fetched.records.map(({ key, value }) => [Buffer.from(key ?? []).toString(), value] as const),
        fetched.nextOffset,
      )
      publish('heddle:log:kafka:restore', () => ({
        store: this.name,
        records: this.#applied.offset - from,
        total: end! - from,
        recordsPerSecond: Math.round((1000 * records) / Math.max(1, clock.now() - started)),
      }))
    }
  }

  async #write(changes: readonly (readonly [string, Bytes | null])[], offset: number): Promise<void> {
    const { tree, cluster } = this.#context
    const at = cluster.settings.clock.now()
    let { size } = this.#applied
    await tree.transaction(() => {
      size = this.#applied.size
      for (const [key, value] of changes) {
        const stored = this.#key(key)
        const there = tree.doesExist(stored)
        if (value !== null) {
          tree.putSync(stored, Buffer.isBuffer(value) ? value : Buffer.from(value))
          if (!there) size++
        } else if (there) {
          tree.removeSync(stored)
          size--
        }
      }
      tree.putSync(this.#meta, Buffer.from(JSON.stringify({ ...this.#applied, offset, size, at })))
    })
    this.#applied = { ...this.#applied, offset, size, at }
  }

  async #clear(offset: number): Promise<void> {
    const { tree } = this.#context
    const keys = Array.from(tree.getKeys({ start: this.#prefix, end: this.#end() }))
    await tree.transaction(() => {
      for (const key of keys) tree.removeSync(key)
      tree.removeSync(this.#meta)
    })
    this.#applied = { ...this.#applied, offset, size: 0 }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => undefined)
    return done
  }

  #key(key: string): Buffer {
    return Buffer.concat([this.#prefix, Buffer.from(key)])
  }

  #end(): Buffer {
    const end = Buffer.from(this.#prefix)
    end[end.length - 1] = 1
    return end
  }
}
