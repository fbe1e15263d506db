import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ZipFile } from './zip.ts'

export interface BundledPackage {
  readonly name: string
  /** A file that it is found from. */
  readonly from: string
  /** What asks for it does without where it is not installed. */
  readonly optional?: boolean
}

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** What a package does not need to run. */
const notNeeded =
  /(^|\/)(node_modules|test|tests|src|deps|dependencies|benchmark)\/|\.(d\.[cm]?ts|ts|map|md|cc?|cpp|h)$/

/**
 * The files of a package and of all that it depends on, below `node_modules/`. Optional ones that are not installed here are
 * left out.
 *
 * @throws TypeError when one is not installed that is not optional.
 */
export async function packageFiles({ name, from, optional = false }: BundledPackage): Promise<ZipFile[]> {
  const files = new Map<string, ZipFile>()
  const done = new Set<string>()
  const add = async (wanted: string, asker: string, optional: boolean): Promise<void> => {
    const folder = folderOf(wanted, asker)
    if (folder === undefined) {
      if (optional) return
      throw new TypeError(`the package '${wanted}' is not installed`)
    }
    if (done.has(wanted)) return
    done.add(wanted)
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const inside = relative(folder, path).split(sep).join('/')
      if (notNeeded.test(inside)) continue
      const file = `node_modules/${wanted}/${inside}`
      files.set(file, { name: file, bytes: await readFile(path) })
    }
    const manifest = join(folder, 'package.json')
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      await readFile(manifest, 'utf8'),
    ) as PackageJson
    for (const each of Object.keys(optionalDependencies)) await add(each, manifest, true)
    for (const each of Object.keys(dependencies))
      if (!(each in optionalDependencies)) await add(each, manifest, false)
  }
  await add(name, from, optional)
  return [...files.values()]
}

/** Not every package lets its package.json be resolved: it is looked for where packages are. */
function folderOf(name: string, from: string): string | undefined {
  const places = createRequire(pathToFileURL(from)).resolve.paths(name) ?? []
  for (const place of places) {
    const folder = join(place, name)
    if (existsSync(join(folder, 'package.json'))) return folder
  }
  return undefined
}
