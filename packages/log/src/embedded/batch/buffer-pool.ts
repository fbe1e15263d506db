/**
 * Buffers that are used again: a fresh one costs a page fault for every 4 KB that is written to it, which is more than
 * writing itself.
 *
 * @module
 */
export class BufferPool {
  readonly #maxBytes: number
  /** Free buffers by the power of two that is their size. */
  readonly #free: Buffer[][] = []
  #freeBytes = 0

  /** @param maxBytes How much free memory it holds on to. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** A buffer of at least `bytes`, with anything in it. */
  take(bytes: number): Buffer {
    const power = 32 - Math.clz32(Math.max(1, bytes - 1))
    const free = this.#free[power]?.pop()
    if (free === undefined) return Buffer.allocUnsafeSlow(2 ** power)
    this.#freeBytes -= free.length
    return free
  }

  /** Takes back a buffer that `take` gave; nobody may use it any more. */
  give(buffer: Buffer): void {
    if (this.#freeBytes + buffer.length > this.#maxBytes) return
    this.#freeBytes += buffer.length
    const power = 31 - Math.clz32(buffer.length)
    ;(this.#free[power] ??= []).push(buffer)
  }
}
