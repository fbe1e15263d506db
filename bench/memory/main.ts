import { fileURLToPath } from 'node:url'
import { run as runCommand } from '../../tools/run.ts'
import type { Report } from '../lib/figure.ts'
import { scratch } from '../lib/measure.ts'

const events = 10_000_000
const keys = 1_000_000
/** Megabytes of the whole process: its base, two caches, one commit's changes, and pages of the log that the system has mapped. */
const boundMb = 600

export async function run(report: Report): Promise<void> {
  const program = fileURLToPath(new URL('windows-process.ts', import.meta.url))
  const { code, output } = await scratch((path) =>
    runCommand(process.execPath, [...process.execArgv, program, path, String(events), String(keys)]),
  )
  if (code !== 0) throw new Error(output)
  const { first, last, peakMb, results } = JSON.parse(output.trim().split('\n').at(-1)!) as Record<
    string,
    number
  >
  const conditions = {
    events,
    keys,
    results: results!,
    windows: 'tumbling, 100,000 events each',
    log: 'embedded',
  }
  report({
    figure: `windows over ${keys / 1e6}M keys: throughput in the last tenth and in the first`,
    ours: last!,
    reference: first!,
    unit: 'events/s',
    atLeast: 0.8,
    conditions,
  })
  report({
    figure: 'the same: memory at its most',
    ours: peakMb!,
    reference: boundMb,
    unit: 'MB',
    atMost: 1,
    conditions,
  })
}
