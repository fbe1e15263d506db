/**
 * Events for later, on the embedded log with fsync: how fast they are accepted, and how late they are sent.
 * `HEDDLE_BENCH_SCHEDULES` is how many are sent.
 */
import type { Report } from '../lib/figure.ts'
import { accepted } from './accepted.ts'
import { lateness } from './lateness.ts'

export async function run(report: Report): Promise<void> {
  await accepted(report)
  await lateness(report)
}
