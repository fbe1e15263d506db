import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logContract } from '@heddle/core/contracts'
import { describe, test } from 'vitest'
import { openEmbeddedLog } from './embedded-log.ts'

const define: (title: string, run: () => Promise<void>, timeout: number) => void = test

logContract(
  'embedded',
  async () => {
    const path = await mkdtemp(join(tmpdir(), 'heddle-log-'))
    let log = await openEmbeddedLog({ path })
    return {
      log,
      reopen: async () => {
        await log.close()
        log = await openEmbeddedLog({ path })
        return log
      },
      elsewhere: () => openEmbeddedLog({ path }),
      close: async () => {
        await log.close()
        await rm(path, { recursive: true })
      },
      maintain: () => log.maintain(),
    }
  },
  // The suite waits with a bound of its own; this one is only there for what hangs.
  { describe, test: (title, run) => define(title, run, 60_000) },
)
