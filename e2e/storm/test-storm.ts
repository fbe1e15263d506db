import { type StormOptions, startStorm } from '../../tools/services/storm/storm.ts'

/** A Storm for one file of tests. */
export interface TestStorm {
  readonly url: string
  stop(): Promise<void>
}

/** Starts one; HEDDLE_TEST_STORM names a Nimbus that runs already, for tests that are run again and again. */
export async function startTestStorm(options: StormOptions = {}): Promise<TestStorm> {
  const running = process.env['HEDDLE_TEST_STORM']
  if (running !== undefined && running !== '') return { url: `storm://${running}`, stop: async () => {} }
  const storm = await startStorm(options)
  return { url: `storm://${storm.nimbus}`, stop: () => storm.stop() }
}
