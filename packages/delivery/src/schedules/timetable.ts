import { type Bytes, type Store, type Transaction, utf8 } from '@heddle/core'
import { type Entry, decodeEntry, encodeEntry, idKey, readTimeKey, timeKey, timeKeysUntil } from './entry.ts'
import { runsOf } from './names.ts'

const decoder = new TextDecoder()

/** An entry in its place. */
export interface Placed extends Entry {
  readonly place: number
}

/** The schedules of one partition, in the order in which they are due, as they are in the store. */
export class Timetable {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  get size(): number {
    // Each has two keys.
    return this.#store.size() / 2
  }

  /** When the first one is due; `Infinity` when none waits. */
  get nextAt(): number {
    for (const [key] of this.#store.entries({ gte: 't/', lt: 't0', limit: 1 })) return readTimeKey(key).at
    return Number.POSITIVE_INFINITY
  }

  /** What is due, up to so many entries, and about so many bytes. */
  due(now: number, limit: number, maxBytes: number): Placed[] {
    const found: Placed[] = []
    let bytes = 0
    for (const [key, value] of this.#store.entries({ ...timeKeysUntil(now), limit })) {
      found.push(placed(key, value))
      bytes += value.length
      if (bytes >= maxBytes) break
    }
    return found
  }

  /** Entries behind a key, in order. */
  *after(key: string, limit: number): Iterable<readonly [key: string, entry: Placed]> {
    for (const [found, value] of this.#store.entries({ gte: key, lt: 't0', limit: limit + 1 }))
      if (found !== key) yield [found, placed(found, value)]
  }

  /** Changes of one transaction: seen by those that follow in it, and by others when it is committed. */
  change(transaction: Transaction): Change {
    return new Change(this.#store, transaction)
  }
}

export class Change {
  readonly #store: Store
  readonly #transaction: Transaction
  /** What was written, `null` for what was deleted. */
  readonly #written = new Map<string, Bytes | null>()

  constructor(store: Store, transaction: Transaction) {
    this.#store = store
    this.#transaction = transaction
  }

  /** Nothing was changed. */
  get empty(): boolean {
    return this.#written.size === 0
  }

  find(id: string): Placed | undefined {
    const index = this.#get(idKey(id))
    if (!index) return undefined
    const key = decoder.decode(index)
    const value = this.#get(key)
    return value && placed(key, value)
  }

  /** Puts an entry in the place of the one that has its id. */
  put(entry: Entry, place: number, before: Placed | undefined = this.find(entry.facts.id)): void {
    const key = timeKey(entry.at, place, entry.facts.id)
    if (before) this.#delete(before)
    this.#put(key, encodeEntry(entry))
    this.#put(idKey(entry.facts.id), utf8(key))
  }

  /** Takes an entry out, and the runs that it began. @returns The entry, or else the first of its runs. */
  cancel(id: string): Placed | undefined {
    const found = this.find(id)
    if (found) this.remove(found)
    let first = found
    for (const [key] of this.#store.entries({ gte: idKey(runsOf(id).gte), lt: idKey(runsOf(id).lt) })) {
      const run = this.find(key.slice(idKey('').length))
      if (!run) continue
      this.remove(run)
      first ??= run
    }
    return first
  }

  remove(entry: Placed): void {
    this.#delete(entry)
    this.#put(idKey(entry.facts.id), null)
  }

  #delete({ at, facts: { id }, place }: Placed): void {
    this.#put(timeKey(at, place, id), null)
  }

  #get(key: string): Bytes | undefined {
    const written = this.#written.get(key)
    return written === undefined ? this.#store.get(key) : (written ?? undefined)
  }

  #put(key: string, value: Bytes | null): void {
    this.#written.set(key, value)
    this.#transaction.put(this.#store, key, value)
  }
}

const placed = (key: string, value: Bytes): Placed => ({
  ...decodeEntry(value),
  place: readTimeKey(key).place,
})
