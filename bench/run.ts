// `npm run bench -- NAME`: runs the group bench/NAME/main.ts, prints its figures and writes bench/results/NAME.json.
// Without a name, all groups. A figure that falls short is reported as it is; only a bench that breaks is a failure.

import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { root } from '../tools/run.ts'
import { type Figure, type Report, toFigure } from './lib/figure.ts'
import { short, table } from './lib/format.ts'
import { machine } from './lib/measure.ts'

interface Group {
  run(this: void, report: Report): Promise<void>
}

const groups = globSync('bench/*/main.ts', { cwd: root })
  .map((file) => basename(dirname(file)))
  .sort()

async function runGroup(name: string): Promise<void> {
  const began = performance.now()
  const conditions = await machine()
  const figures: Figure[] = []
  const { run }: Group = await import(`./${name}/main.ts`)
  await run((measured) => {
    const figure = toFigure(measured, conditions)
    figures.push(figure)
    const { holds, ours, reference, ratio, unit } = figure
    console.log(
      `  ${holds ? '✓' : '✗'} ${figure.figure}: ${short(ours)} ${unit}, ${short(ratio)} of ${short(reference)}`,
    )
  })

  // All were left out: what was measured elsewhere stays.
  if (figures.length === 0) return
  mkdirSync(`${root}bench/results`, { recursive: true })
  writeFileSync(`${root}bench/results/${name}.json`, `${JSON.stringify(figures, null, 2)}\n`)
  const fallShort = figures.filter((figure) => !figure.holds).length
  console.log(`\n${table(figures, conditions)}\n`)
  console.log(
    `${name}: ${figures.length - fallShort} of ${figures.length} figures hold; ${short((performance.now() - began) / 1000)} s; bench/results/${name}.json`,
  )
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !existsSync(`${root}bench/${name}/main.ts`))
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are: ${groups.join(', ')}`)
  process.exitCode = 1
} else {
  for (const name of names.length > 0 ? names : groups) {
    console.log(`bench ${name}`)
    await runGroup(name)
  }
}
