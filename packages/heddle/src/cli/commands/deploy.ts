import { resolve } from 'node:path'
import type { Deployed, PlanDiff, TopologyVersion } from '@heddle/core'
import { type Mark, difference } from '../../draw/difference.ts'
import { type RemoteOptions, call, segment } from '../api.ts'
import { print, printJson, printTable, style } from '../output.ts'

interface DeployOptions extends RemoteOptions {
  readonly dryRun?: boolean
  readonly dropState?: readonly string[]
  readonly rename?: readonly string[]
}

const colours = {
  added: 'green',
  removed: 'red',
  changed: 'yellow',
  note: 'dim',
  conflict: 'red',
} as const satisfies Record<Mark, Parameters<typeof style>[0]>

/** Prints what is between two plans, indented. */
export function printDifference(diff: PlanDiff | undefined): void {
  for (const { mark, text } of difference(diff)) print(`  ${style(colours[mark], text)}`)
}

/** `heddle deploy FILE`: the host reads the file, which is why it has to be one of its own. */
export async function deploy(file: string, options: DeployOptions): Promise<void> {
  const { url, json = false, dryRun = false, dropState = [], rename = [] } = options
  const body = { file: resolve(file), dryRun, dropState, rename }
  const done = await call<(Deployed & { topology: string })[]>(url, 'POST', '/topologies', body)
  const refused = done.some(({ diff }) => (diff?.conflicts.length ?? 0) > 0)
  if (refused) process.exitCode = 1
  if (json) return printJson(done)
  for (const { topology, diff, status } of done) {
    const now = dryRun ? (status ? 'runs' : 'does not run yet') : `is ${status?.state ?? 'not there'}`
    print(`${style('bold', topology)} ${now}`)
    printDifference(diff)
  }
  if (dryRun) print(refused ? 'it would be refused' : 'nothing was changed')
}

/** `heddle topologies history NAME` */
export async function history(name: string, { url, json = false }: RemoteOptions): Promise<void> {
  const versions = await call<TopologyVersion[]>(url, 'GET', `/topologies/${segment(name)}/history`)
  if (json) return printJson(versions)
  if (versions.length === 0) return print(`no topology '${name}' has run there`)
  printTable(
    ['VERSION', 'SINCE', 'BY', 'CHANGES'],
    versions.map(({ number, at, by, changes }) => [
      number,
      new Date(at).toISOString(),
      by,
      changes.join('; '),
    ]),
  )
}
