export type { TestApi } from './assert.ts'
export type { LogUnderTest, OpenLog } from './log/harness.ts'
export { logContract } from './log/log-contract.ts'
