/**
 * Drops what was appended to a partition before, within the topic's window. Kafka has no such append, so the window is
 * kept here: read from the end of the partition when it is first needed, and followed from then on. It is exact for all
 * that goes through one process, also after a restart. What another process appended is known once it was read: two that
 * append the same identity at the same moment are not found out.
 *
 * An identity takes about 140 bytes of memory, so that a full window of 250,000 takes 35 MB for each partition.
 *
 * @module
 */
import { hash } from 'node:crypto'
import { type Appended, type RecordInput, recordIdentity } from '@heddle/core'
import type { Cluster } from '../client/cluster.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import { listBeginnings, listEnds, listOffsets } from '../fetch/list-offsets.ts'
import type { KnownTopic } from '../topic/topics.ts'

interface Seen {
  readonly offset: number
  readonly time: number
}

interface Window {
  /** By identity, the oldest first. */
  readonly seen: Map<string, Seen>
  /** Appends under way: the offset, or undefined when it failed. */
  readonly pending: Map<string, Promise<number | undefined>>
  /** All before this is known. */
  next: number
  /** As far as is known, the partition ends here. */
  end: number
  reading: Promise<void> | undefined
}

export type Write = (records: readonly RecordInput[], partitions: readonly number[]) => Promise<number[]>

export class Deduplicator {
  readonly #cluster: Cluster
  readonly #fetcher: Fetcher
  readonly #windows = new Map<string, Window>()

  constructor(cluster: Cluster, fetcher: Fetcher) {
    this.#cluster = cluster
    this.#fetcher = fetcher
  }

  /** Writes what is not in the window yet. */
  async append(
    topic: KnownTopic,
    records: readonly RecordInput[],
    partitions: readonly number[],
    write: Write,
  ): Promise<Appended[]> {
    const windows = new Map<number, Window>()
    for (const partition of new Set(partitions)) windows.set(partition, await this.#window(topic, partition))
    const identities = records.map(identityOf)
    const answers = Array.from<Appended>({ length: records.length })
    const fresh: number[] = []
    /** Records that wait for another append, or for an earlier one of this, of the same identity. */
    const waiting: { readonly index: number; readonly other: Promise<number | undefined> }[] = []
    const settle: ((offset: number | undefined) => void)[] = []
    const oldest = this.#cluster.settings.clock.now() - topic.info.dedupe.ms
    for (let i = 0; i < records.length; i++) {
      const partition = partitions[i]!
      const { seen, pending } = windows.get(partition)!
      const identity = identities[i]
      const first = identity === undefined ? undefined : seen.get(identity)
      const other = identity === undefined ? undefined : pending.get(identity)
      if (first !== undefined && first.time >= oldest)
        answers[i] = { partition, offset: first.offset, duplicate: true }
      else if (other !== undefined) waiting.push({ index: i, other })
      else {
        if (identity !== undefined) {
          pending.set(identity, new Promise((resolve) => (settle[i] = resolve)))
        }
        fresh.push(i)
      }
    }
    try {
      if (fresh.length > 0) {
        const offsets = await write(
          fresh.map((i) => records[i]!),
          fresh.map((i) => partitions[i]!),
        )
        const now = this.#cluster.settings.clock.now()
        for (const [k, i] of fresh.entries()) {
          const partition = partitions[i]!
          const offset = offsets[k]!
          const window = windows.get(partition)!
          if (identities[i] !== undefined) remember(window, identities[i], offset, now, topic.info.dedupe.ids)
          if (offset === window.next) window.next++
          window.end = Math.max(window.end, offset + 1)
          answers[i] = { partition, offset }
          settle[i]?.(offset)
        }
      }
    } catch (error) {
      // It may have been written all the same: what is on disk is read before the next append.
      for (const partition of windows.keys()) this.#windows.delete(keyOf(topic, partition))
      throw error
    } finally {
      for (const i of fresh) {
        settle[i]?.(undefined)
        const identity = identities[i]
        if (identity !== undefined) windows.get(partitions[i]!)!.pending.delete(identity)
      }
    }
    const again: number[] = []
    for (const { index, other } of waiting) {
      const offset = await other
      if (offset === undefined) again.push(index)
      else answers[index] = { partition: partitions[index]!, offset, duplicate: true }
    }
    if (again.length > 0) {
      const later = await this.append(
        topic,
        again.map((i) => records[i]!),
        again.map((i) => partitions[i]!),
        write,
      )
      for (const [k, i] of again.entries()) answers[i] = later[k]!
    }
    return answers
  }

  /** Tells of records that were written without asking here. */
  wrote(topic: string, partition: number, end: number): void {
    const window = this.#windows.get(`${topic} ${partition}`)
    if (window !== undefined) window.end = Math.max(window.end, end)
  }

  /** Forgets a topic: what is in it is read again when it is needed. */
  forget(topic: string): void {
    for (const key of this.#windows.keys())
      if (key.slice(0, key.lastIndexOf(' ')) === topic) this.#windows.delete(key)
  }

  async #window(topic: KnownTopic, partition: number): Promise<Window> {
    const key = keyOf(topic, partition)
    let window = this.#windows.get(key)
    if (window === undefined) {
      window = { seen: new Map(), pending: new Map(), next: -1, end: -1, reading: undefined }
      this.#windows.set(key, window)
    }
    const mine = window
    while (mine.next < mine.end || mine.next < 0) {
      mine.reading ??= this.#read(mine, topic, partition).finally(() => (mine.reading = undefined))
      try {
        await mine.reading
      } catch (error) {
        if (this.#windows.get(key) === mine && mine.next < 0) this.#windows.delete(key)
        throw error
      }
    }
    expire(mine, this.#cluster.settings.clock.now() - topic.info.dedupe.ms)
    return mine
  }

  async #read(window: Window, topic: KnownTopic, partition: number): Promise<void> {
    const place = { topic: topic.name, partition }
    const { ms, ids } = topic.info.dedupe
    const now = this.#cluster.settings.clock.now()
    const [end] = await listEnds(this.#cluster, [place])
    const first = window.next < 0
    let offset = window.next
    if (first) {
      const [begin] = await listBeginnings(this.#cluster, [place])
      const [byTime] = await listOffsets(this.#cluster, [place], BigInt(Math.max(0, Math.ceil(now - ms))))
      offset = Math.max(begin!, end! - ids, byTime! < 0 ? end! : byTime!)
    }
    while (offset < end!) {
      const [fetched] = await this.#fetcher.read([{ ...place, offset }], { waitMs: 1_000 })
      if (fetched === undefined) break
      for (const record of fetched.records) {
        const identity = identityOf(record)
        // What was read to catch up was written lately, whatever time its publisher gave it.
        if (identity !== undefined)
          remember(window, identity, record.offset, first ? record.timestamp : now, ids)
      }
      offset = fetched.nextOffset
    }
    window.next = Math.max(window.next, offset)
    // What is beyond belongs to transactions that are open: it is looked at when they have ended.
    window.end = window.next
  }
}

const keyOf = ({ name }: KnownTopic, partition: number): string => `${name} ${partition}`

/** 128 bits of SHA-256: no two identities share it by chance or by intent. */
function identityOf({ headers, value }: Pick<RecordInput, 'headers' | 'value'>): string | undefined {
  const identity = headers === undefined ? undefined : recordIdentity(headers, value)
  return identity === undefined ? undefined : hash('sha256', identity, 'base64url').slice(0, 22)
}

function remember({ seen }: Window, identity: string, offset: number, time: number, most: number): void {
  const known = seen.get(identity)
  if (known !== undefined && known.offset <= offset && known.time >= time) return
  seen.delete(identity)
  seen.set(identity, { offset, time })
  for (const oldest of seen.keys()) {
    if (seen.size <= most) break
    seen.delete(oldest)
  }
}

function expire({ seen }: Window, oldest: number): void {
  for (const [identity, { time }] of seen) {
    if (time >= oldest) break
    seen.delete(identity)
  }
}
