import type { TestApi } from '../assert.ts'
import { groupsContract } from './groups.ts'
import type { OpenLog } from './harness.ts'
import { keepingContract } from './keeping.ts'
import { recordsContract } from './records.ts'
import { stateContract } from './state.ts'
import { topicsContract } from './topics.ts'
import { transactionsContract } from './transactions.ts'

/**
 * Tests all that a log promises by the Log port, and all that it declares in its features. Any test runner will do.
 *
 * @param open Opens a log; called for each test. It may hold what others put in: tests use names of their own.
 * @example
 * import { describe, test } from 'vitest'
 * logContract('my log', async () => ({ log, reopen, close }), { describe, test })
 */
export function logContract(name: string, open: OpenLog, api: TestApi): void {
  api.describe(`log contract: ${name}`, () => {
    topicsContract(open, api)
    recordsContract(open, api)
    keepingContract(open, api)
    groupsContract(open, api)
    transactionsContract(open, api)
    stateContract(open, api)
  })
}
