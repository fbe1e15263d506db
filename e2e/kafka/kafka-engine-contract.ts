import { engineContract } from '@heddle/core/contracts'
import { localEngine } from '@heddle/engine/local'
import { describe, test } from 'vitest'
import type { TestLog } from './test-kafka.ts'

/** The engine contract, for the local engine on a log that is opened for each test. */
export function kafkaEngineContract(open: () => Promise<TestLog>): void {
  engineContract(
    'local, on Kafka',
    ['at-least-once', 'exactly-once'],
    async () => {
      const opened = await open()
      const engine = localEngine({ log: opened.log })
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
