/** A block is cut in two when it has more keys than this: inserting then moves few of them. */
const blockKeys = 512

/** A map whose keys are in order, for ranges. Looking up is a hash; inserting and deleting search, and move one block. */
export class SortedMap<V> {
  readonly #values = new Map<string, V>()
  /** Keys in order, in blocks; none is empty. */
  readonly #blocks: string[][] = []

  get size(): number {
    return this.#values.size
  }

  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  set(key: string, value: V): void {
    const known = this.#values.has(key)
    this.#values.set(key, value)
    if (known) return
    const at = Math.max(0, this.#blockOf(key))
    const block = this.#blocks[at]
    if (block === undefined) {
      this.#blocks.push([key])
      return
    }
    block.splice(firstFrom(block, key), 0, key)
    if (block.length > blockKeys) this.#blocks.splice(at + 1, 0, block.splice(blockKeys / 2))
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return
    const at = this.#blockOf(key)
    const block = this.#blocks[at]!
    block.splice(firstFrom(block, key), 1)
    if (block.length === 0) this.#blocks.splice(at, 1)
  }

  /** The first key that is not before `key`. */
  ceiling(key: string): string | undefined {
    const at = Math.max(0, this.#blockOf(key))
    const block = this.#blocks[at]
    return block?.[firstFrom(block, key)] ?? this.#blocks[at + 1]?.[0]
  }

  /** The first key after `key`. */
  after(key: string): string | undefined {
    return this.ceiling(`${key}\u0000`)
  }

  /** The last key that is not behind `key`. */
  floor(key: string): string | undefined {
    return this.#values.has(key) ? key : this.before(key)
  }

  /** The last key before `key`. */
  before(key: string): string | undefined {
    const at = this.#blockOf(key)
    const block = this.#blocks[at]
    if (block === undefined) return undefined
    return block[firstFrom(block, key) - 1] ?? this.#blocks[at - 1]?.at(-1)
  }

  /** The block where `key` belongs: the last one that does not begin behind it; -1 when all do. */
  #blockOf(key: string): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#blocks[middle]![0]! <= key) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

function firstFrom(block: readonly string[], key: string): number {
  let low = 0
  let high = block.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (block[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
