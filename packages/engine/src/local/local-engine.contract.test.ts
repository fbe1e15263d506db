import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineContract } from '@heddle/core/contracts'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { describe, test } from 'vitest'
import { localEngine } from './local-engine.ts'

for (const [title, keyPartitions] of [
  ['local', 1],
  ['local, in stages', 3],
] as const)
  engineContract(
    title,
    ['at-least-once', 'exactly-once'],
    async () => {
      const path = mkdtempSync(join(tmpdir(), 'heddle-engine-'))
      const log = await openEmbeddedLog({ path })
      const engine = localEngine({ log, keyPartitions })
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
