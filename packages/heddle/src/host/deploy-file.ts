import { realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, relative } from 'node:path'
import { type Deployed, type Engine, HeddleError } from '@heddle/core'
import { loadError, loadTopologyFile } from './load-topologies.ts'
import { type UpgradeFlags, upgradeOptions } from './upgrade-options.ts'

export interface DeployFileOptions extends UpgradeFlags {
  readonly dryRun: boolean
  /** How long the old versions may take to finish, in milliseconds. */
  readonly waitMs: number
  readonly by: string
}

/** What became, or would become, of one topology of a file. */
export interface FileDeployed extends Deployed {
  readonly topology: string
}

/**
 * Loads a topology file again, and puts what is in it in the place of what runs under the same names; what does not run yet is
 * started. All are compared before the first is touched. The modules of the old file stay in memory, as in `heddle dev`.
 *
 * @param folders Where such files may be: whoever may call this may run any code that is in there.
 * @throws HEDDLE_DEPLOY_FORBIDDEN for another place; HEDDLE_UPGRADE_INCOMPATIBLE, unless it is a dry run.
 */
export async function deployFile(
  engine: Engine,
  path: string,
  folders: readonly string[],
  { dryRun, waitMs, by, ...flags }: DeployFileOptions,
): Promise<readonly FileDeployed[]> {
  const file = allowed(path, folders)
  const { topologies } = await loadTopologyFile(file).catch((error: unknown) => {
    throw loadError(file, error)
  })
  const names = topologies.map(({ name }) => name)
  const planned = topologies.map((topology) => ({
    topology,
    options: { ...upgradeOptions(topology.name, flags, names), waitMs, by },
  }))
  const dry: FileDeployed[] = []
  for (const { topology, options } of planned)
    dry.push({ topology: topology.name, ...(await engine.deploy(topology, { ...options, dryRun: true })) })
  if (dryRun) return dry
  // One that is refused keeps the others from being half of what was meant.
  const refused = dry.findIndex(({ diff }) => (diff?.conflicts.length ?? 0) > 0)
  const first = refused < 0 ? [] : [planned[refused]!]
  const done: FileDeployed[] = []
  for (const { topology, options } of [...first, ...planned])
    done.push({ topology: topology.name, ...(await engine.deploy(topology, options)) })
  return done
}

/** The folders of topology files and folders that a host is started with. */
export const foldersOf = (paths: readonly string[]): readonly string[] => [
  ...new Set(
    paths.map((path) =>
      statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? path : dirname(path),
    ),
  ),
]

function allowed(path: string, folders: readonly string[]): string {
  const real = realpath(path)
  if (real !== undefined && folders.some((folder) => isWithin(realpath(folder), real))) return real
  throw new HeddleError(
    'HEDDLE_DEPLOY_FORBIDDEN',
    folders.length === 0
      ? `'${path}': it was started without topology files`
      : `'${path}' is not there, or not in ${folders.map((folder) => `'${folder}'`).join(' or ')}`,
  )
}

/** Where a path leads, links followed. */
function realpath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

function isWithin(folder: string | undefined, file: string): boolean {
  if (folder === undefined) return false
  const between = relative(folder, file)
  return between !== '' && !between.startsWith('..') && !isAbsolute(between)
}
