import type { Reporter, TestModule } from 'vitest/node'

/**
 * Closes a test run with one plain line, `N passed, N failed`, over all projects: what CI reads. A file that cannot be
 * loaded has no tests that could fail, and an error outside of any test belongs to none: each counts as one failure.
 */
export const counts: Reporter = {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]) {
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    )
    const count = (state: string) => states.filter((one) => one === state).length
    const broken = modules.filter((module) => module.errors().length > 0).length + unhandledErrors.length
    const skipped = count('skipped') > 0 ? `, ${count('skipped')} skipped` : ''
    console.log(`${count('passed')} passed, ${count('failed') + broken} failed${skipped}`)
  },
}
