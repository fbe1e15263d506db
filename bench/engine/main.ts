import type { Report } from '../lib/figure.ts'
import { building } from './building.ts'
import { routing } from './routing.ts'
import { restore } from './state.ts'
import { wordCount } from './word-count.ts'

export async function run(report: Report): Promise<void> {
  // First, while nothing is warm.
  building(report)
  await wordCount(report)
  await routing(report)
  await restore(report)
}
