import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ClaimStore, type Duration, milliseconds } from '@heddle/core'

export interface ClaimFolderOptions {
  /** Payloads are deleted when they are this old, by the time of their files. Default 7 days; longer than any claim is under way. */
  readonly keep?: Duration
}

/** Parts of `keep` between two looks for old files. */
const looks = 10

/**
 * A folder as the store of a claim check: one file for each payload, named for its claim. A payload is on disk before its claim
 * goes on. Processes that share the folder share its payloads; the folder is made.
 *
 * @example scans.checkIn(claimFolder('/var/lib/scans'), (e) => e.subject).to(topic('scan.claims'))
 */
export function claimFolder(path: string, { keep = '7d' }: ClaimFolderOptions = {}): ClaimStore {
  const keepMs = milliseconds(keep)
  let nextLook = 0
  // Ids may hold what names of files may not.
  const fileOf = (id: string): string => join(path, createHash('sha256').update(id).digest('hex'))

  const deleteOld = async (): Promise<void> => {
    const now = Date.now()
    if (now < nextLook) return
    nextLook = now + keepMs / looks
    for (const name of await readdir(path)) {
      const file = join(path, name)
      const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: now })) // another process deleted it
      if (now - mtimeMs > keepMs) await rm(file, { force: true })
    }
  }

  return {
    async put(id, text) {
      await mkdir(path, { recursive: true })
      const file = fileOf(id)
      const half = `${file}.${randomUUID()}`
      await write(half, text)
      await rename(half, file)
      await sync(path)
      await deleteOld()
    },
    async get(id) {
      try {
        return await readFile(fileOf(id), 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
  }
}

async function write(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx')
  await file.writeFile(text)
  await file.sync()
}

async function sync(folder: string): Promise<void> {
  await using handle = await open(folder)
  await handle.sync()
}
