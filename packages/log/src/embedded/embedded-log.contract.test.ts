import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logContract } from '@heddle/core/contracts'
import { describe, test } from 'vitest'
import { openEmbeddedLog } from './embedded-log.ts'

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
      close: async () => {
        await log.close()
        await rm(path, { recursive: true })
      },
      maintain: () => log.maintain(),
    }
  },
  { describe, test },
)
