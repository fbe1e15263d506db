/**
 * Changes in the order of their keys. A tree that is written in the order of its keys takes each page once; in the order of a changelog,
 * which is random, it takes nearly all of them anew with every few thousand entries.
 *
 * @module
 */
import type { Bytes } from '@heddle/core'

/** What an entry takes beside its bytes: where it is, and its place in the order. */
const entryBytes = 24

/** The number of an entry has 24 bits of the sorted word, beside five bytes of its key. */
const mostEntries = 2 ** 24

/** Gathers changes up to a number of bytes, and gives them back sorted, the last one of each key. */
export class SortedRun {
  readonly #bytes: number
  readonly #arena: Buffer
  readonly #prefix: Uint8Array
  #end = 0
  #count = 0
  #starts = new Uint32Array(4096)
  #keyLengths = new Uint32Array(4096)
  /** One more than the length; 0 is a deletion. */
  #valueLengths = new Uint32Array(4096)

  /**
   * @param bytes How much it may take in memory.
   * @param prefix Put before each key.
   */
  constructor(bytes: number, prefix: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes
    this.#prefix = prefix
    this.#arena = Buffer.allocUnsafeSlow(bytes)
  }

  get count(): number {
    return this.#count
  }

  /** False, and nothing is taken, when there is no room for it. */
  add(key: Uint8Array, value: Bytes | null): boolean {
    const keyLength = this.#prefix.length + key.length
    const needed = keyLength + (value?.length ?? 0)
    if (this.#count === mostEntries || this.#end + needed > this.#arena.length) return false
    if (this.#count > 0 && this.#end + needed + this.#count * entryBytes > this.#bytes) return false
    if (this.#count === this.#starts.length) this.#grow()
    const at = this.#count++
    this.#starts[at] = this.#end
    this.#keyLengths[at] = keyLength
    this.#valueLengths[at] = value === null ? 0 : value.length + 1
    this.#arena.set(this.#prefix, this.#end)
    this.#arena.set(key, this.#end + this.#prefix.length)
    if (value !== null) this.#arena.set(value, this.#end + keyLength)
    this.#end += needed
    return true
  }

  /** Ordered by the bytes of the keys. What is given is valid until `clear`. */
  *sorted(): Generator<readonly [key: Buffer, value: Buffer | null]> {
    for (const entry of this.#order()) {
      const start = this.#starts[entry]!
      const middle = start + this.#keyLengths[entry]!
      const length = this.#valueLengths[entry]!
      yield [
        this.#arena.subarray(start, middle),
        length === 0 ? null : this.#arena.subarray(middle, middle + length - 1),
      ]
    }
  }

  clear(): void {
    this.#count = 0
    this.#end = 0
  }

  /**
   * Sorts words of five bytes of each key, behind what all keys have in common, and the number of the entry; which the machine does
   * without calling back. Only among those with the same five bytes keys are compared. What is overwritten is left out.
   */
  #order(): Uint32Array {
    const count = this.#count
    const words = new BigUint64Array(count)
    const halves = new Uint32Array(words.buffer)
    const [low, high] = littleEndian ? [0, 1] : [1, 0]
    const common = this.#commonLength()
    for (let entry = 0; entry < count; entry++) {
      const from = this.#starts[entry]! + common
      const left = this.#keyLengths[entry]! - common
      const byte = (i: number): number => (i < left ? this.#arena[from + i]! : 0)
      halves[2 * entry + high] = (byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)
      halves[2 * entry + low] = (byte(4) << 24) | entry
    }
    words.sort()
    const order = new Uint32Array(count)
    for (let i = 0; i < count; i++) order[i] = halves[2 * i + low]! & 0xff_ff_ff
    const same = (a: number, b: number): boolean =>
      halves[2 * a + high] === halves[2 * b + high] &&
      halves[2 * a + low]! >>> 24 === halves[2 * b + low]! >>> 24
    let kept = 0
    for (let first = 0; first < count;) {
      let end = first + 1
      while (end < count && same(first, end)) end++
      if (end - first > 1) order.subarray(first, end).sort((a, b) => this.#compare(a, b) || a - b)
      // Of one key, those that came later stand later.
      for (let i = first; i < end; i++)
        if (i + 1 === end || this.#compare(order[i]!, order[i + 1]!) !== 0) order[kept++] = order[i]!
      first = end
    }
    return order.subarray(0, kept)
  }

  #commonLength(): number {
    const first = this.#starts[0]!
    let common = this.#count === 0 ? 0 : this.#keyLengths[0]!
    for (let entry = 1; entry < this.#count && common > 0; entry++) {
      const start = this.#starts[entry]!
      common = Math.min(common, this.#keyLengths[entry]!)
      for (let i = 0; i < common; i++) if (this.#arena[start + i] !== this.#arena[first + i]) common = i
    }
    return common
  }

  #compare(a: number, b: number): number {
    const [startA, startB] = [this.#starts[a]!, this.#starts[b]!]
    return this.#arena.compare(
      this.#arena,
      startB,
      startB + this.#keyLengths[b]!,
      startA,
      startA + this.#keyLengths[a]!,
    )
  }

  #grow(): void {
    const larger = (former: Uint32Array): Uint32Array<ArrayBuffer> => {
      const grown = new Uint32Array(2 * former.length)
      grown.set(former)
      return grown
    }
    this.#starts = larger(this.#starts)
    this.#keyLengths = larger(this.#keyLengths)
    this.#valueLengths = larger(this.#valueLengths)
  }
}

const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
