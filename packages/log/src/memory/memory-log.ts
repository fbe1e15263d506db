import type { WriteTransaction } from '../embedded/commit/write-transaction.ts'
import { EmbeddedLog } from '../embedded/embedded-log.ts'
import { readGroup, writeGroup } from '../embedded/group/group-state.ts'
import { expire } from '../embedded/group/membership.ts'
import { allOf, nameOf } from '../embedded/keys.ts'
import { LogCore } from '../embedded/log-core.ts'
import { type EmbeddedLogOptions, withDefaults } from '../embedded/options.ts'
import { MemoryDisk } from './memory-disk.ts'

export interface MemoryLogOptions extends Omit<EmbeddedLogOptions, 'path' | 'pollMs'> {
  /** Where it is kept. Default: a new one, so that the log is gone when it is closed. */
  readonly disk?: MemoryDisk
}

/**
 * Opens a log in memory, for tests: the embedded log in all, but for the disk. It does no I/O, so that with a clock that is
 * moved by hand it waits for nothing but turns of the event loop.
 *
 * @example
 * const log = await openMemoryLog({ clock: new ManualClock() })
 */
export async function openMemoryLog({
  disk = new MemoryDisk(),
  ...options
}: MemoryLogOptions = {}): Promise<EmbeddedLog> {
  // Nobody else can write to it, so that there is nothing to look for.
  const settings = withDefaults({ ...options, path: 'memory', pollMs: Number.POSITIVE_INFINITY })
  const core = new LogCore(disk.open(), settings)
  await core.committer.run(expelAll)
  return new EmbeddedLog(core, () => core.close())
}

/** Whoever was in a group had the log open before, and is gone. */
function expelAll(transaction: WriteTransaction): void {
  for (const name of [...transaction.tree.getKeys(allOf('group'))].map(nameOf)) {
    const state = readGroup(transaction.tree, name)!
    expire(state, Number.POSITIVE_INFINITY)
    writeGroup(transaction, name, state)
  }
}
