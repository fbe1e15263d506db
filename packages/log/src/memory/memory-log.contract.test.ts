import { logContract } from '@heddle/core/contracts'
import { describe, test } from 'vitest'
import { MemoryDisk } from './memory-disk.ts'
import { openMemoryLog } from './memory-log.ts'

const define: (title: string, run: () => Promise<void>, timeout: number) => void = test

logContract(
  'memory',
  async () => {
    const disk = new MemoryDisk()
    let log = await openMemoryLog({ disk })
    return {
      log,
      reopen: async () => {
        await log.close()
        log = await openMemoryLog({ disk })
        return log
      },
      close: () => log.close(),
      maintain: () => log.maintain(),
    }
  },
  { describe, test: (title, run) => define(title, run, 60_000) },
)
