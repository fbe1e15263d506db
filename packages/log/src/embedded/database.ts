/**
 * The LMDB environment of a log: one file, one tree, binary keys and values.
 *
 * @module
 */
import { existsSync, fsyncSync, mkdirSync, openSync, closeSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HeddleError, errorMessage } from '@heddle/core'
import { type RootDatabase, open } from 'lmdb'
import { nameKey } from './keys.ts'
import type { Tree } from './tree.ts'

type Lmdb = RootDatabase<Buffer, Buffer>

/** Version of all that is in the folder: the keys, the heads, the batches. */
const logFormat = 1

/** The one file of a log; a second one beside it holds locks, and may go when no process has the log open. */
export const dataFile = (path: string): string => join(path, 'log.lmdb')

/**
 * Opens the environment in a folder, or makes it.
 *
 * `overlappingSync: false` is what makes an answer mean "on disk": LMDB then writes a transaction's pages, waits for
 * fdatasync, and only then writes the meta page that makes them count, through a descriptor opened with O_DSYNC. With
 * lmdb's default a resolved write is visible, but not yet synced. See docs/internals/embedded-log.md for the proof.
 *
 * @throws HEDDLE_LOG_OPEN_FAILED, HEDDLE_LOG_FORMAT_UNKNOWN
 */
export async function openDatabase(path: string): Promise<Tree> {
  let tree: Lmdb | undefined
  try {
    const fresh = !existsSync(dataFile(path))
    tree = open<Buffer, Buffer>({
      path: dataFile(path),
      noSubdir: true,
      keyEncoding: 'binary',
      encoding: 'binary',
      overlappingSync: false,
      // The pages of a batch are written whole, so that there is nothing to wipe in them first.
      noMemInit: true,
      // One transaction at a time is asked for, at once: there is nothing to gather in lmdb's own queue.
      eventTurnBatching: false,
      maxReaders: 512,
    })
    await checkFormat(tree, path)
    // A new file's name is in its folder, and is on disk only when the folder is.
    if (fresh) syncFolder(path)
    return tree
  } catch (error) {
    await tree?.close()
    if (error instanceof HeddleError) throw error
    throw openFailed(path, error)
  }
}

async function checkFormat(tree: Lmdb, path: string): Promise<void> {
  const key = nameKey('meta', 'format')
  const stored = tree.get(key)
  if (stored === undefined) {
    await tree.transaction(() => {
      // Another process may have been first.
      if (tree.get(key) === undefined) tree.putSync(key, Buffer.from(JSON.stringify({ format: logFormat })))
    })
    return
  }
  const { format, by } = JSON.parse(stored.toString()) as { format: number; by?: string }
  if (format === logFormat) return
  throw new HeddleError(
    'HEDDLE_LOG_FORMAT_UNKNOWN',
    `${path} has format ${format}${by === undefined ? '' : `, written by Heddle ${by}`}, and this version knows ${logFormat}`,
    { info: { path, format, known: [logFormat] } },
  )
}

/**
 * Makes the folder if it is not there, in such a way that it outlives a power cut. @returns its real path.
 * @throws HEDDLE_LOG_OPEN_FAILED
 */
export function makeFolder(path: string): string {
  try {
    const first = mkdirSync(path, { recursive: true })
    const real = realpathSync(path)
    if (first === undefined) return real
    // Every folder that was made is an entry in the one above it.
    const top = realpathSync(first)
    for (let made = real; ; made = dirname(made)) {
      syncFolder(dirname(made))
      if (made === top) return real
    }
  } catch (error) {
    throw openFailed(path, error)
  }
}

const openFailed = (path: string, error: unknown): HeddleError =>
  new HeddleError('HEDDLE_LOG_OPEN_FAILED', `${path}: ${errorMessage(error)}`, { cause: error })

function syncFolder(path: string): void {
  // Windows cannot open a folder as a file, and needs no such call.
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** What lmdb or the system threw, as one of ours. */
export function storageError(error: unknown): HeddleError {
  if (error instanceof HeddleError) return error
  const message = errorMessage(error)
  if (
    /No space left|ENOSPC|quota exceeded|EDQUOT|File too large|EFBIG|MDB_MAP_FULL|not enough space/i.test(
      message,
    )
  )
    return new HeddleError('HEDDLE_LOG_DISK_FULL', message, { cause: error })
  if (/MDB_CORRUPTED|MDB_PAGE_NOTFOUND|MDB_INVALID|MDB_PANIC/.test(message))
    return new HeddleError('HEDDLE_LOG_CORRUPT', `the tree of the log itself: ${message}`, { cause: error })
  return new HeddleError('HEDDLE_LOG_IO', message, { cause: error })
}
