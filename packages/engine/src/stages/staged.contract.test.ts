import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineContract } from '@heddle/core/contracts'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { describe, test } from 'vitest'
import { localEngine } from '../local/local-engine.ts'

engineContract(
  'local, in stages',
  ['at-least-once', 'exactly-once'],
  async () => {
    const path = mkdtempSync(join(tmpdir(), 'heddle-stages-'))
    const log = await openEmbeddedLog({ path })
    const engine = localEngine({ log, keyPartitions: 3 })
    return {
      engine,
      log,
      async close() {
        await engine.close()
        await log.close()
        rmSync(path, { recursive: true })
      },
    }
  },
  { describe, test },
)
