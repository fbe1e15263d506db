/** Keys from `start` on, before `end`; with `reverse` from `start` down to, and without, `end`. */
export interface KeySpan {
  readonly start: Buffer
  readonly end: Buffer
  readonly reverse?: boolean
  readonly limit?: number
}

/**
 * What a log needs of the tree that it is kept in: byte keys in order, and transactions. LMDB's is one; the other is in
 * memory, for tests.
 */
export interface Tree {
  /** What is returned may be overwritten by the next read: decode it at once. */
  get(key: Buffer): Buffer | undefined
  /** A copy that may be kept. */
  getBinary(key: Buffer): Buffer | undefined
  doesExist(key: Buffer): boolean
  getKeys(span: KeySpan): Iterable<Buffer>
  getRange(span: KeySpan): Iterable<{ readonly key: Buffer; readonly value: Buffer }>
  /** Only within a transaction, as `remove`. */
  put(key: Buffer, value: Buffer): unknown
  remove(key: Buffer): unknown
  /**
   * Calls `run` when no other transaction is open; it writes, and sees what it has written. Resolves when that is kept;
   * nothing is when `run` answers `ABORT`.
   */
  childTransaction(run: () => unknown): Promise<unknown>
  /** Reads from here on see what has been committed by now. */
  resetReadTxn(): void
  /** Frees what readers that are gone still hold. */
  readerCheck(): unknown
  close(): Promise<void>
}
