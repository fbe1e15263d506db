// `npm test`: runs all tests, or what vitest's own arguments select, and closes with one plain line of counts.

import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { root } from './run.ts'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const reportFile = `${root}.cache/test-${process.pid}.json`
mkdirSync(`${root}.cache`, { recursive: true })

const vitest = spawn(
  process.execPath,
  [
    `${root}node_modules/vitest/vitest.mjs`,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => vitest.kill(signal))

vitest.on('exit', (code) => {
  process.exitCode = code ?? 1
  try {
    const report: Report = JSON.parse(readFileSync(reportFile, 'utf8'))
    rmSync(reportFile)
    // A file that cannot even be loaded has no tests to fail; it counts as one.
    const broken = report.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    ).length
    const skipped = report.numPendingTests > 0 ? `, ${report.numPendingTests} skipped` : ''
    console.log(`${report.numPassedTests} passed, ${report.numFailedTests + broken} failed${skipped}`)
  } catch {
    console.log('0 passed, 1 failed')
    process.exitCode ||= 1
  }
})
