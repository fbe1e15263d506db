import type { Batch } from '../batch/batch.ts'

/** The batches that were read last, up to a number of bytes. */
export class BatchCache {
  readonly #maxBytes: number
  /** In the order of their last use. */
  readonly #batches = new Map<string, Batch>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(name: string): Batch | undefined {
    const batch = this.#batches.get(name)
    if (batch === undefined) return undefined
    this.#batches.delete(name)
    this.#batches.set(name, batch)
    return batch
  }

  add(name: string, batch: Batch): void {
    if (batch.bytes.length > this.#maxBytes) return
    this.#batches.set(name, batch)
    this.#bytes += batch.bytes.length
    for (const [oldest, { bytes }] of this.#batches) {
      if (this.#bytes <= this.#maxBytes) return
      this.#batches.delete(oldest)
      this.#bytes -= bytes.length
    }
  }

  /** Forgets all: batches were written anew. */
  clear(): void {
    this.#batches.clear()
    this.#bytes = 0
  }
}
