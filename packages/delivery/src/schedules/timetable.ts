/**
 * The store of a partition:
 *
 * ```
 * t/<at>/<place>/<id>   an entry; at and place in decimal, 15 and 16 digits, so that keys are in the order of sending
 * i/<id>                the key of the entry, where the id does not say it: it was chosen, or the entry has moved or repeats
 * n                     how many entries there are, in decimal
 * ```
 *
 * @module
 */
import { type Bytes, type Store, type Transaction, utf8 } from '@heddle/core'
import { type Entry, decodeEntry, encodeEntry } from './entry.ts'
import { readGivenId, runsOf } from './names.ts'

const decoder = new TextDecoder()

const idKey = (id: string): string => `i/${id}`
const countKey = 'n'

const timeKey = (at: number, place: number, id: string): string =>
  `t/${String(at).padStart(15, '0')}/${String(place).padStart(16, '0')}/${id}`

const keyOf = ({ at, facts }: Entry): string => timeKey(at, facts.place, facts.id)

/** The key that an id says. */
function keyIn(id: string): string | undefined {
  const given = readGivenId(id)
  return given && timeKey(given.at, given.place, id)
}

/** The schedules of one partition, in the order in which they are due, as they are committed. */
export class Timetable {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  get size(): number {
    return sizeOf(this.#store)
  }

  /** When the first one is due; `Infinity` when none waits. */
  get nextAt(): number {
    for (const [key] of this.#store.entries({ gte: 't/', lt: 't0', limit: 1 }))
      return Number(key.slice(2, 17))
    return Number.POSITIVE_INFINITY
  }

  /** What is due, up to so many entries, and about so many bytes. */
  due(now: number, limit: number, maxBytes: number): Entry[] {
    const found: Entry[] = []
    let bytes = 0
    const lt = `t/${String(Math.max(0, now) + 1).padStart(15, '0')}`
    for (const [, value] of this.#store.entries({ gte: 't/', lt, limit })) {
      found.push(decodeEntry(value))
      bytes += value.length
      if (bytes >= maxBytes) break
    }
    return found
  }

  /** Entries behind a key, in order. */
  *after(key: string, limit: number): Iterable<readonly [key: string, entry: Entry]> {
    for (const [found, value] of this.#store.entries({ gte: key, lt: 't0', limit: limit + 1 }))
      if (found !== key) yield [found, decodeEntry(value)]
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
  #grown = 0

  constructor(store: Store, transaction: Transaction) {
    this.#store = store
    this.#transaction = transaction
  }

  /** Nothing was changed. */
  get empty(): boolean {
    return this.#written.size === 0
  }

  find(id: string): Entry | undefined {
    const said = keyIn(id)
    const there = said === undefined ? undefined : this.#get(said)
    if (there) return decodeEntry(there)
    const index = this.#get(idKey(id))
    const value = index && this.#get(decoder.decode(index))
    return value && decodeEntry(value)
  }

  /** Puts an entry in the place of the one that has its id. @param bytes The entry, where it is encoded already. */
  set(entry: Entry, bytes?: Bytes): void {
    const { id } = entry.facts
    const [key, said] = [keyOf(entry), keyIn(id)]
    // One that was given is given once.
    const before = key === said ? undefined : this.find(id)
    if (before) this.remove(before)
    this.put(entry, bytes, key, said)
  }

  /** Puts an entry where none has its id. */
  put(
    entry: Entry,
    bytes: Bytes = encodeEntry(entry),
    key: string = keyOf(entry),
    said: string | undefined = keyIn(entry.facts.id),
  ): void {
    this.#put(key, bytes)
    if (key !== said) this.#put(idKey(entry.facts.id), utf8(key))
    this.#grown++
  }

  /** Takes an entry out, and the runs that it began. @returns The entry, or else the first of its runs. */
  cancel(id: string): Entry | undefined {
    let first = this.find(id)
    if (first) this.remove(first)
    const { gte, lt } = runsOf(id)
    for (const [key] of this.#store.entries({ gte: idKey(gte), lt: idKey(lt) })) {
      const run = this.find(key.slice(idKey('').length))
      if (!run) continue
      this.remove(run)
      first ??= run
    }
    return first
  }

  remove(entry: Entry): void {
    const { id } = entry.facts
    const key = keyOf(entry)
    this.#put(key, null)
    if (key !== keyIn(id)) this.#put(idKey(id), null)
    this.#grown--
  }

  /** To be called before the transaction is committed. */
  end(): void {
    if (this.#grown !== 0) this.#put(countKey, utf8(String(sizeOf(this.#store) + this.#grown)))
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

function sizeOf(store: Store): number {
  const count = store.get(countKey)
  return count ? Number(decoder.decode(count)) : 0
}
