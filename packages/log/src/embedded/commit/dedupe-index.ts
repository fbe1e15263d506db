/**
 * Which identities were appended to a partition lately, and where. 32 bytes for each.
 *
 * A ring holds the identities in the order of their offsets, and an open-addressing table finds them in the ring by
 * hash. It is built from the batches, which carry the hashes, and is only a hint: see `hashIdentity`.
 *
 * @module
 */
export interface DedupeWindow {
  readonly ms: number
  readonly ids: number
}

const smallest = 64

export class DedupeIndex {
  /** It knows all records before this offset that are within the window. */
  next: number
  readonly #window: DedupeWindow
  #capacity = smallest
  /** Sequence numbers of the oldest entry, and of the next one; an entry is in the ring at its number modulo capacity. */
  #first = 0
  #last = 0
  #high = new Uint32Array(smallest)
  #low = new Uint32Array(smallest)
  #offset = new Float64Array(smallest)
  #time = new Float64Array(smallest)
  /** Place in the ring plus 1; 0 is free. Twice as large as the ring, so that it is at most half full. */
  #table = new Uint32Array(2 * smallest)

  constructor(window: DedupeWindow, next: number) {
    this.#window = window
    this.next = next
  }

  get size(): number {
    return this.#last - this.#first
  }

  /** Adds an identity; offsets must grow. The oldest makes room when the window is full. */
  add(high: number, low: number, offset: number, time: number): void {
    if (this.#window.ids < 1) return
    while (this.size >= this.#window.ids) this.#dropOldest()
    if (this.size === this.#capacity) this.#grow()
    const place = this.#last++ & (this.#capacity - 1)
    this.#high[place] = high
    this.#low[place] = low
    this.#offset[place] = offset
    this.#time[place] = time
    this.#insert(place)
  }

  /** Forgets what is older than the window at `now`. */
  expire(now: number): void {
    const oldest = now - this.#window.ms
    while (this.size > 0 && this.#time[this.#first & (this.#capacity - 1)]! < oldest) this.#dropOldest()
  }

  /** The first offset with that hash that `same` confirms. */
  find(high: number, low: number, same: (offset: number) => boolean): number | undefined {
    const mask = this.#table.length - 1
    for (let slot = high & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot]!
      if (entry === 0) return undefined
      const place = entry - 1
      if (this.#low[place] !== low || this.#high[place] !== high) continue
      const offset = this.#offset[place]!
      if (same(offset)) return offset
    }
  }

  #insert(place: number): void {
    const mask = this.#table.length - 1
    let slot = this.#high[place]! & mask
    while (this.#table[slot] !== 0) slot = (slot + 1) & mask
    this.#table[slot] = place + 1
  }

  #dropOldest(): void {
    const place = this.#first++ & (this.#capacity - 1)
    const mask = this.#table.length - 1
    let hole = this.#high[place]! & mask
    while (this.#table[hole] !== place + 1) hole = (hole + 1) & mask
    // Moves back what had been pushed on by the entry that goes, so that no search ends too early.
    for (let slot = (hole + 1) & mask; this.#table[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#high[this.#table[slot]! - 1]! & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      this.#table[hole] = this.#table[slot]!
      hole = slot
    }
    this.#table[hole] = 0
  }

  #grow(): void {
    const capacity = 2 * this.#capacity
    const high = new Uint32Array(capacity)
    const low = new Uint32Array(capacity)
    const offset = new Float64Array(capacity)
    const time = new Float64Array(capacity)
    for (let sequence = this.#first; sequence < this.#last; sequence++) {
      const from = sequence & (this.#capacity - 1)
      const to = sequence & (capacity - 1)
      high[to] = this.#high[from]!
      low[to] = this.#low[from]!
      offset[to] = this.#offset[from]!
      time[to] = this.#time[from]!
    }
    this.#high = high
    this.#low = low
    this.#offset = offset
    this.#time = time
    this.#capacity = capacity
    this.#table = new Uint32Array(2 * capacity)
    for (let sequence = this.#first; sequence < this.#last; sequence++)
      this.#insert(sequence & (capacity - 1))
  }
}
