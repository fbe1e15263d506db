import { type Bytes, type Store, type Transaction, utf8 } from '@heddle/core'

const decoder = new TextDecoder()

/** Stands for a key that was deleted. */
const gone = Symbol('gone')

type Entry = unknown // a JSON value, or `gone`
type Layer = Map<string, Entry>

/**
 * State of a component: a write-back overlay of JSON values over a store, shared by its tasks.
 *
 * Changes gather in the newest layer. `freeze` closes that layer, for a transaction to take it, while the next changes go
 * to a new one; `settle` drops the frozen layer once it is committed and can be read from the store.
 */
export class ComponentState {
  readonly store: Store
  /** Is told of what `restore` brings back. */
  onRestore: ((key: string) => void) | undefined
  readonly #cacheEntries: number
  #changes: Layer = new Map()
  #frozen: Layer | undefined
  /**
   * Values as last read from the store, or committed to it. In two generations: what was not asked for while the newer one
   * filled goes with the older. (To take the oldest out of one Map gets slow: it looks at all that were taken out before.)
   */
  #cache: Layer = new Map()
  #olderCache: Layer = new Map()

  /** @param cacheEntries How many decoded values of the store are kept at hand. */
  constructor(store: Store, cacheEntries: number) {
    this.store = store
    this.#cacheEntries = cacheEntries
  }

  /** True when `freeze` would have something to commit. */
  get changed(): boolean {
    return this.#changes.size > 0
  }

  get(key: string): unknown {
    const entry = this.#find(key)
    return entry === gone ? undefined : entry
  }

  set(key: string, value: unknown): void {
    this.#changes.set(key, value)
  }

  delete(key: string): void {
    this.#changes.set(key, gone)
  }

  /** What is under `key` now, for `restore` to bring back. */
  entry(key: string): Entry {
    return this.#find(key)
  }

  /** Brings back what `entry` answered; also if the change has been frozen meanwhile. */
  restore(key: string, entry: Entry): void {
    this.#changes.set(key, entry)
    this.onRestore?.(key)
  }

  /**
   * Keys that start with `prefix`, in the order of their UTF-8 bytes. Changes made meanwhile may or may not be seen.
   *
   * @param from Where to begin; it starts with `prefix`, too.
   */
  keys(prefix: string, from = prefix): Iterable<string> {
    return this.#all(prefix, (key) => key, from)
  }

  /** The same with their values. What is only looked through does not push what is in use out of the cache. */
  entries(prefix: string): Iterable<readonly [key: string, value: unknown]> {
    return this.#all(prefix, (key, bytes) => [key, bytes === undefined ? this.#find(key) : parse(bytes)])
  }

  /** @param make Gets the bytes where the store has the value that counts. */
  *#all<T>(prefix: string, make: (key: string, bytes?: Bytes) => T, from = prefix): Iterable<T> {
    const changed = [...new Set([...(this.#frozen?.keys() ?? []), ...this.#changes.keys()])]
      .filter((key) => key.startsWith(prefix) && (from === prefix || byBytes(key, from) >= 0))
      .sort(byBytes)
    let next = 0
    for (const [key, bytes] of this.store.entries(from === '' ? {} : { gte: from })) {
      if (!key.startsWith(prefix)) break
      for (; next < changed.length && byBytes(changed[next]!, key) <= 0; next++)
        if (changed[next] !== key && this.#find(changed[next]!) !== gone) yield make(changed[next]!)
      const entry = this.#uncommitted(key)
      if (entry === undefined) yield make(key, bytes)
      else if (entry !== gone) yield make(key)
    }
    for (; next < changed.length; next++) if (this.#find(changed[next]!) !== gone) yield make(changed[next]!)
  }

  /** Closes the newest layer; the one frozen before must be settled. */
  freeze(): void {
    if (this.#changes.size === 0) return
    this.#frozen = this.#changes
    this.#changes = new Map()
  }

  /** Puts the frozen layer into a transaction. */
  write(transaction: Transaction): void {
    if (!this.#frozen) return
    for (const [key, entry] of this.#frozen)
      transaction.put(this.store, key, entry === gone ? null : utf8(JSON.stringify(entry)))
  }

  /** The frozen layer was committed. */
  settle(): void {
    if (!this.#frozen) return
    for (const [key, entry] of this.#frozen) {
      if (entry === gone) this.#forget(key)
      else this.#keep(key, entry)
    }
    this.#frozen = undefined
  }

  /** What the store does not have yet; `undefined` when nothing is. */
  #uncommitted(key: string): Entry {
    const entry = this.#changes.size > 0 ? this.#changes.get(key) : undefined
    return entry === undefined ? this.#frozen?.get(key) : entry
  }

  #find(key: string): Entry {
    let entry = this.#uncommitted(key)
    if (entry === undefined) entry = this.#cached(key)
    if (entry !== undefined) return entry
    const bytes = this.store.get(key)
    if (bytes === undefined) return gone
    const value = parse(bytes)
    this.#keep(key, value)
    return value
  }

  #cached(key: string): Entry {
    const entry = this.#cache.get(key)
    if (entry !== undefined) return entry
    const older = this.#olderCache.get(key)
    if (older !== undefined) this.#keep(key, older)
    return older
  }

  #keep(key: string, value: unknown): void {
    if (this.#cacheEntries === 0) return
    this.#cache.set(key, value)
    if (2 * this.#cache.size <= this.#cacheEntries) return
    this.#olderCache = this.#cache
    this.#cache = new Map()
  }

  #forget(key: string): void {
    this.#cache.delete(key)
    this.#olderCache.delete(key)
  }
}

/** A Buffer decodes itself in half the time. */
const parse = (bytes: Bytes): unknown =>
  JSON.parse(Buffer.isBuffer(bytes) ? bytes.toString() : decoder.decode(bytes)) as unknown

/** Order of UTF-8 bytes, which is that of code points: surrogates stand above the rest. */
export function byBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at)
    const y = b.charCodeAt(at)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit)
