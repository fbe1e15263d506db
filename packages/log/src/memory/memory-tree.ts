import { HeddleError } from '@heddle/core'
import { ABORT } from 'lmdb'
import type { KeySpan, Tree } from '../embedded/tree.ts'
import type { MemoryDisk } from './memory-disk.ts'

/** A tree in memory, with LMDB's manners: one transaction at a time, whose writes nobody else sees before it is committed. */
export class MemoryTree implements Tree {
  readonly #disk: MemoryDisk
  /** What the open transaction has written; `null` for what it has removed. */
  #written: Map<string, Buffer | null> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(disk: MemoryDisk) {
    this.#disk = disk
  }

  get(key: Buffer): Buffer | undefined {
    return this.#find(text(key))
  }

  getBinary(key: Buffer): Buffer | undefined {
    return this.#find(text(key))
  }

  doesExist(key: Buffer): boolean {
    return this.#find(text(key)) !== undefined
  }

  *getKeys(span: KeySpan): Iterable<Buffer> {
    for (const key of this.#keys(span)) yield Buffer.from(key, 'latin1')
  }

  *getRange(span: KeySpan): Iterable<{ key: Buffer; value: Buffer }> {
    for (const key of this.#keys(span)) yield { key: Buffer.from(key, 'latin1'), value: this.#find(key)! }
  }

  put(key: Buffer, value: Buffer): void {
    // A copy, since the writer uses its buffers again.
    this.#written!.set(text(key), Buffer.from(value))
  }

  remove(key: Buffer): void {
    this.#written!.set(text(key), null)
  }

  childTransaction(run: () => unknown): Promise<unknown> {
    this.#disk.underWay++
    const done = this.#last.then(() => this.#transact(run))
    this.#last = done.catch(() => {})
    return done
  }

  resetReadTxn(): void {}

  readerCheck(): void {}

  async close(): Promise<void> {
    await this.#last
  }

  async #transact(run: () => unknown): Promise<unknown> {
    const disk = this.#disk
    try {
      await disk.turn()
      const written = new Map<string, Buffer | null>()
      let answer: unknown
      this.#written = written
      try {
        answer = run()
      } finally {
        this.#written = undefined
      }
      if (answer === ABORT) return answer
      await disk.turn()
      if (disk.isCut(this)) throw failure('the power is gone')
      const fault = disk.fault()
      if (fault === 'fails') throw failure('the disk failed')
      for (const [key, value] of written) {
        if (value === null) disk.committed.delete(key)
        else disk.committed.set(key, value)
      }
      if (fault === 'answer-lost') throw failure('the disk did not answer')
      return answer
    } finally {
      disk.underWay--
      disk.ended++
    }
  }

  #find(key: string): Buffer | undefined {
    const written = this.#written?.get(key)
    return written === undefined ? this.#disk.committed.get(key) : (written ?? undefined)
  }

  *#keys({ start, end, reverse = false, limit = Infinity }: KeySpan): Iterable<string> {
    const first = text(start)
    const last = text(end)
    const within = (key: string): boolean =>
      reverse ? key <= first && key > last : key >= first && key < last
    // In the order of the walk, what the transaction has added.
    const added = [...(this.#written?.keys() ?? [])].filter(within).sort()
    if (reverse) added.reverse()
    const { committed } = this.#disk
    const before = (a: string, b: string): boolean => (reverse ? a > b : a < b)
    let next = reverse ? committed.floor(first) : committed.ceiling(first)
    let left = limit
    for (;;) {
      if (next !== undefined && !within(next)) next = undefined
      const mine = added[0]
      if (next === undefined && mine === undefined) return
      const key = next === undefined || (mine !== undefined && !before(next, mine)) ? mine! : next
      if (key === mine) added.shift()
      if (key === next) next = reverse ? committed.before(key) : committed.after(key)
      if (this.#find(key) === undefined) continue
      if (left-- <= 0) return
      yield key
    }
  }
}

const failure = (what: string): HeddleError => new HeddleError('HEDDLE_LOG_UNAVAILABLE', what)

const text = (bytes: Buffer): string => bytes.toString('latin1')
