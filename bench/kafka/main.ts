import { whatIsMissing } from '../../tools/services/toolchain.ts'
import type { Report } from '../lib/figure.ts'
import { appendAndRead } from './append-read.ts'
import { onKafka } from './bench.ts'
import { processes } from './processes.ts'
import { recovery } from './recovery.ts'
import { restore } from './restore.ts'
import { routing } from './routing.ts'

export async function run(report: Report): Promise<void> {
  const missing = whatIsMissing(['kafka'])
  if (missing !== undefined) return console.log(`  – all figures are left out: ${missing}`)
  await onKafka(async (bench) => {
    await appendAndRead(report, bench)
    await routing(report, bench)
    await recovery(report, bench)
    await restore(report, bench)
    await processes(report, bench)
  })
}
