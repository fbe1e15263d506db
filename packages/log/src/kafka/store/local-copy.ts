/**
 * The copy of one store on this machine: what its changelog says up to a place, and the place.
 *
 * ```
 * folder/data.lmdb  = LMDB
 *   0x00            → JSON { format: 1, topicId, offset, at, closed }   ; the changelog is applied up to offset
 *   0x01 key        → value
 * folder/boot       = "closed" / boot of the machine in which it is in use
 * ```
 *
 * Entries and place are written in one transaction, so that a killed process leaves them as they belong together. Nothing is
 * flushed to disk on the way: what the system has in memory outlives the process, and not a power cut. So a file that was in use in
 * another boot of the machine is not even opened: parts of it may be missing. One that was closed in order was flushed.
 *
 * Several processes may have one copy open. Each looks at the place within its transaction, and takes only what leads on from there. A copy is
 * deleted by giving its folder another name first, so that nobody finds a part of it.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bytes, KeyRange } from '@heddle/core'
import { type RootDatabase, open } from 'lmdb'
import { bootOf } from './boot.ts'

const format = 1
const closed = 'closed'
const metaKey = Buffer.of(0)
const afterEntries = Buffer.of(2)

/** What stands before each key in the file. */
export const keyPrefix = Buffer.of(1)

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
  /** It was closed in order, as `boot` says: who writes next has to change that first. */
  readonly closed: boolean
}

export type Change = readonly [key: Uint8Array, value: Bytes | null]

export class LocalCopy {
  readonly path: string
  readonly #tree: RootDatabase<Buffer, Buffer>
  #written = false

  private constructor(path: string) {
    this.path = path
    this.#tree = open<Buffer, Buffer>({
      path: dataOf(path),
      noSubdir: true,
      keyEncoding: 'binary',
      encoding: 'binary',
      noSync: true,
      overlappingSync: false,
      noMemInit: true,
      eventTurnBatching: false,
    })
  }

  /** The copy in a folder, if there is one that can be gone on with; else there is nothing there from then on. */
  static find(path: string): LocalCopy | undefined {
    let copy: LocalCopy | undefined
    try {
      const boot = readFileSync(bootFileOf(path), 'utf8')
      if ((boot === closed || boot === bootOf()) && isTree(dataOf(path))) {
        copy = new LocalCopy(path)
        if (copy.#meta()?.format === format) return copy
      }
    } catch {
      // A file that cannot be read is of no more use than none: the changelog has it all.
    }
    if (copy !== undefined) void copy.#tree.close()
    LocalCopy.delete(path)
    return undefined
  }

  /** An empty copy, or the one that another process has made in this moment. */
  static create(path: string, place: Place): LocalCopy {
    mkdirSync(path, { recursive: true })
    if (!existsSync(bootFileOf(path))) writeFileSync(bootFileOf(path), bootOf())
    const copy = new LocalCopy(path)
    copy.#tree.transactionSync(() => {
      if (copy.#meta() === undefined) copy.#put({ ...place, format, closed: false })
    })
    return copy
  }

  /** Deletes what is in the folder. Whoever has it open keeps what it had. */
  static delete(path: string): void {
    const away = `${path}.${randomUUID()}`
    try {
      renameSync(path, away)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      throw error
    }
    rmSync(away, { recursive: true, force: true })
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

  /** The same with a `change` that writes entries into the tree by itself, their keys behind `keyPrefix`. */
  write(from: number, to: number, at: number, change: (tree: RootDatabase<Buffer, Buffer>) => void): boolean {
    for (;;) {
      const done = this.#tree.transactionSync(() => {
        const meta = this.#meta()!
        if (meta.closed) return undefined
        if (meta.offset < from) return false
        if (meta.offset < to) change(this.#tree)
        else if (meta.at >= at) return true
        this.#put({ ...meta, offset: Math.max(to, meta.offset), at: Math.max(at, meta.at) })
        this.#written = true
        return true
      })
      if (done !== undefined) return done
      this.#reopen()
    }
  }

  /** Flushes what was written, so that the file outlives the machine's going down, and closes it. */
  async close(): Promise<void> {
    try {
      if (!this.#written) return
      this.#tree.transactionSync(() => this.#put({ ...this.#meta()!, closed: true }))
      const file = await openFile(dataOf(this.path), 'r+')
      try {
        await file.sync()
      } finally {
        await file.close()
      }
      writeDurably(bootFileOf(this.path), closed)
      // Another process may have gone on with it meanwhile.
      this.#tree.resetReadTxn()
      if (!this.#meta()!.closed) writeDurably(bootFileOf(this.path), bootOf())
    } catch {
      // It stays one that is in use in this boot.
    } finally {
      await this.#tree.close()
    }
  }

  /** Closes the file as it is, when another thread still has it open. */
  release(): Promise<void> {
    return this.#tree.close()
  }

  /** Takes a file that was closed in order into use, on disk, before anything else is written to it. */
  #reopen(): void {
    writeDurably(bootFileOf(this.path), bootOf())
    this.#tree.transactionSync(() => this.#put({ ...this.#meta()!, closed: false }))
  }

  #meta(): Meta | undefined {
    const stored = this.#tree.get(metaKey)
    return stored === undefined ? undefined : (JSON.parse(stored.toString()) as Meta)
  }

  #put(meta: Meta): void {
    this.#tree.putSync(metaKey, Buffer.from(JSON.stringify(meta)))
  }
}

/** LMDB's first page says so behind its header of 24 bytes; LMDB itself does not survive to open what is no such file. */
function isTree(path: string): boolean {
  const start = Buffer.alloc(28)
  const file = openSync(path, 'r')
  try {
    return (
      readSync(file, start, 0, start.length, 0) === start.length && start.readUInt32LE(24) === 0xbe_ef_c0_de
    )
  } finally {
    closeSync(file)
  }
}

/** The file of a copy. */
export const dataOf = (path: string): string => join(path, 'data.lmdb')
const bootFileOf = (path: string): string => join(path, 'boot')

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'w')
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** The key in the file. */
function storedKey(key: Uint8Array): Buffer {
  const stored = Buffer.allocUnsafe(key.length + 1)
  stored[0] = keyPrefix[0]!
  stored.set(key, 1)
  return stored
}
