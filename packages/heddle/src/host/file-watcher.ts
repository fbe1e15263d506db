import { createHash } from 'node:crypto'
import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock, Timer } from '@heddle/core'

export interface FileWatcherOptions {
  readonly clock: Clock
  /** How long it has to be quiet before changes are told. Default 80 ms: editors write in several steps. */
  readonly quietMs?: number
  /** Some files have other content than before, or are new or gone. Awaited before the next call. */
  readonly onChange: (changed: ReadonlySet<string>) => Promise<void>
}

/**
 * Tells when the content of files changes. It watches the folders around them, since many editors replace a file by a
 * new one, which a watch on the file itself does not survive.
 */
export class FileWatcher {
  readonly #options: Required<FileWatcherOptions>
  readonly #folders = new Map<string, FSWatcher>()
  readonly #content = new Map<string, string | undefined>()
  #extraFolders: readonly string[] = []
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: FileWatcherOptions) {
    this.#options = { quietMs: 80, ...options }
  }

  /** Watches exactly these files, and calls also when anything changes in these folders. */
  watch(files: Iterable<string>, folders: readonly string[]): void {
    if (this.#closed) return
    const wanted = new Set(files)
    for (const file of this.#content.keys()) if (!wanted.has(file)) this.#content.delete(file)
    for (const file of wanted) if (!this.#content.has(file)) this.#content.set(file, contentOf(file))
    this.#extraFolders = folders
    const around = new Set([...[...wanted].map(dirname), ...folders])
    for (const [folder, watcher] of this.#folders) {
      if (around.has(folder)) continue
      watcher.close()
      this.#folders.delete(folder)
    }
    for (const folder of around) if (!this.#folders.has(folder)) this.#open(folder)
  }

  #open(folder: string): void {
    try {
      const watcher = watch(folder, () => this.#touch())
      // A folder that is deleted: it is opened again by the next `watch`.
      watcher.on('error', () => {
        watcher.close()
        this.#folders.delete(folder)
        this.#touch()
      })
      this.#folders.set(folder, watcher)
    } catch {
      // It is not there (any more); the next `watch` tries again.
    }
  }

  #touch(): void {
    this.#timer?.clear()
    this.#timer = this.#options.clock.after(this.#options.quietMs, () => {
      this.#running = this.#running.then(() => this.#look())
    })
  }

  async #look(): Promise<void> {
    if (this.#closed) return
    const changed = new Set<string>()
    for (const [file, before] of this.#content) {
      const now = contentOf(file)
      if (now === before) continue
      this.#content.set(file, now)
      changed.add(file)
    }
    if (changed.size > 0 || this.#extraFolders.length > 0) await this.#options.onChange(changed)
  }

  /** Tells nothing any more; resolves when a call that is under way is over. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.clear()
    for (const watcher of this.#folders.values()) watcher.close()
    this.#folders.clear()
    await this.#running
  }
}

/** A short stand-in for the content of a file; `undefined` when it cannot be read. */
function contentOf(file: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64')
  } catch {
    return undefined
  }
}
