/**
 * The copy of one store on this machine: what its changelog says up to a place, and the place.
 *
 * ```
 * file   = LMDB, one for each store
 *   0x00      → JSON { format: 1, topicId, offset, at, boot, clean }   ; the changelog is applied up to offset
 *   0x01 key  → value
 * ```
 *
 * Entries and place are written in one transaction, so that a killed process leaves them as they belong together. Nothing is
 * flushed to disk on the way: what the system has in memory outlives the process, and not a power cut. So the file says in which boot of
 * the machine it was written; one of an earlier boot counts only when it was closed in order, which flushes it.
 *
 * Several processes may have one file open. Each looks at the place within its transaction, and takes only what leads on from there.
 *
 * @module
 */
import { existsSync, fsyncSync, mkdirSync, openSync, closeSync, rmSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Bytes, KeyRange } from '@heddle/core'
import { type RootDatabase, open } from 'lmdb'
import { bootOf } from './boot.ts'

const format = 1
const metaKey = Buffer.of(0)
const prefix = 1
const afterEntries = Buffer.of(prefix + 1)

/** How far a copy has come. */
export interface Place {
  /** Kafka's id of the changelog: one that was deleted and made anew is another. */
  readonly topicId: string
  /** The next offset to be read. */
  readonly offset: number
  /** When it was last known to be that far, in ms since 1970. */
  readonly at: number
}

interface Meta extends Place {
  readonly format: number
  readonly boot: string
  /** Closed in order, and on disk. */
  readonly clean: boolean
}

export type Change = readonly [key: Uint8Array, value: Bytes | null]

export class LocalCopy {
  readonly path: string
  readonly #tree: RootDatabase<Buffer, Buffer>
  #written = false

  private constructor(path: string) {
    this.path = path
    this.#tree = open<Buffer, Buffer>({
      path,
      noSubdir: true,
      keyEncoding: 'binary',
      encoding: 'binary',
      noSync: true,
      overlappingSync: false,
      noMemInit: true,
      eventTurnBatching: false,
    })
  }

  /** The copy in a file, if there is one that can be gone on with. */
  static find(path: string): LocalCopy | undefined {
    if (!existsSync(path)) return undefined
    let copy: LocalCopy | undefined
    try {
      copy = new LocalCopy(path)
      const meta = copy.#meta()
      if (meta?.format === format && (meta.clean || meta.boot === bootOf())) return copy
    } catch {
      // A file that cannot be read is of no more use than none: the changelog has it all.
    }
    if (copy !== undefined) void copy.#tree.close()
    LocalCopy.delete(path)
    return undefined
  }

  /** An empty copy, in place of whatever is there. */
  static create(path: string, place: Place): LocalCopy {
    LocalCopy.delete(path)
    mkdirSync(dirname(path), { recursive: true })
    const copy = new LocalCopy(path)
    copy.#put({ ...place, format, boot: bootOf(), clean: false })
    return copy
  }

  /** Deletes the file. Whoever has it open keeps what it had. */
  static delete(path: string): void {
    for (const file of [path, `${path}-lock`]) rmSync(file, { force: true })
  }

  /** As it is now: another process, or thread, may have gone on. */
  get place(): Place {
    this.#tree.resetReadTxn()
    return this.#meta()!
  }

  get(key: string): Bytes | undefined {
    return this.#tree.getBinary(storedKey(Buffer.from(key)))
  }

  *entries({ gte = '', lt, limit }: KeyRange = {}): Iterable<readonly [string, Bytes]> {
    const range = this.#tree.getRange({
      start: storedKey(Buffer.from(gte)),
      end: lt === undefined ? afterEntries : storedKey(Buffer.from(lt)),
      ...(limit === undefined ? {} : { limit }),
    })
    for (const { key, value } of range) yield [key.toString('utf8', 1), value]
  }

  get size(): number {
    this.#tree.resetReadTxn()
    return (this.#tree.getStats() as { readonly entryCount: number }).entryCount - 1
  }

  /**
   * Takes over the changes of the changelog from `from` on up to `to`, the last one of a key counts. One that has come further already,
   * by another process, is left as it is.
   *
   * @returns false when it has not come to `from`: something is missing in between.
   */
  apply(changes: Iterable<Change>, from: number, to: number, at: number): boolean {
    return this.write(from, to, at, (tree) => {
      for (const [key, value] of changes) {
        const stored = storedKey(key)
        if (value === null) tree.removeSync(stored)
        else tree.putSync(stored, Buffer.isBuffer(value) ? value : Buffer.from(value))
      }
    })
  }

  /** The same with a `change` that writes entries into the tree by itself, under `storedKey`. */
  write(from: number, to: number, at: number, change: (tree: RootDatabase<Buffer, Buffer>) => void): boolean {
    for (;;) {
      const done = this.#tree.transactionSync(() => {
        const meta = this.#meta()!
        if (meta.clean) return undefined
        if (meta.offset < from) return false
        if (meta.offset < to) change(this.#tree)
        else if (meta.at >= at) return true
        this.#put({ ...meta, boot: bootOf(), offset: Math.max(to, meta.offset), at: Math.max(at, meta.at) })
        this.#written = true
        return true
      })
      if (done !== undefined) return done
      this.#soil()
    }
  }

  /** Flushes what was written, so that the file outlives the machine's going down, and closes it. */
  async close(): Promise<void> {
    try {
      const meta = this.#meta()
      if (meta === undefined || !this.#written) return
      const file = await openFile(this.path, 'r+')
      try {
        await file.sync()
        this.#tree.transactionSync(() => this.#put({ ...this.#meta()!, clean: true }))
        await file.sync()
      } finally {
        await file.close()
      }
    } catch {
      // It stays marked as not closed in order.
    } finally {
      await this.#tree.close()
    }
  }

  /** Closes the file as it is, when another thread still has it open. */
  release(): Promise<void> {
    return this.#tree.close()
  }

  /** Marks a file that was closed in order as one that is in use, on disk, before anything else is written to it. */
  #soil(): void {
    this.#tree.transactionSync(() => this.#put({ ...this.#meta()!, boot: bootOf(), clean: false }))
    const file = openSync(this.path, 'r+')
    try {
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }

  #meta(): Meta | undefined {
    const stored = this.#tree.get(metaKey)
    return stored === undefined ? undefined : (JSON.parse(stored.toString()) as Meta)
  }

  #put(meta: Meta): void {
    this.#tree.putSync(metaKey, Buffer.from(JSON.stringify(meta)))
  }
}

/** The key in the file. */
export function storedKey(key: Uint8Array): Buffer {
  const stored = Buffer.allocUnsafe(key.length + 1)
  stored[0] = prefix
  stored.set(key, 1)
  return stored
}
