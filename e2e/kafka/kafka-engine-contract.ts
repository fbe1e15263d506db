import { engineContract } from '@heddle/core/contracts'
import { localEngine } from '@heddle/engine/local'
import { describe, test } from 'vitest'
import type { TestLog } from './test-kafka.ts'

/** The engine contract, for the local engine on a log that is opened for each test. */
/** @param keyPartitions See the engine's option. */
export function kafkaEngineContract(open: () => Promise<TestLog>, keyPartitions = 1): void {
  engineContract(
    keyPartitions === 1 ? 'local, on Kafka' : 'local, in stages, on Kafka',
    ['at-least-once', 'exactly-once'],
    async () => {
      const opened = await open()
      const engine = localEngine({ log: opened.log, keyPartitions })
      return {
        engine,
        log: opened.log,
        async close() {
          await engine.close()
          await opened.close()
        },
      }
    },
    { describe, test },
  )
}
