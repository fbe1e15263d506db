/**
 * A fabric for tests: in process, in memory, with a clock that is moved by hand.
 *
 * @module
 */
export type { CommitFault } from '@heddle/log/memory'
export type { Faults } from './faults.ts'
export { type TestFabric, type TestFabricOptions, forSeeds, testFabric } from './test-fabric.ts'
export { type TestFailure, type TestResult, runTopologyTests } from '../yaml/run-tests.ts'
