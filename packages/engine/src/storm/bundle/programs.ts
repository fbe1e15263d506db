import { readFile, readdir, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import process from 'node:process'
import { HeddleError, type Plan, type PlanComponent } from '@heddle/core'
import type { ShellConfig } from '../../multilang/shell-process.ts'
import type { ZipFile } from './zip.ts'

/** Where the files of a program are among those of the bundle. */
const folderOf = (id: string): string => `programs/${id}`

/** The script that Storm starts for a program. */
export const scriptOf = (id: string): string => `${folderOf(id)}.sh`

/**
 * What programs of a topology bring along: their files, and for each a script that starts it among them, since Storm has room for
 * a command with one argument only.
 *
 * @throws HEDDLE_MODULE_INVALID when a file is not there.
 */
export async function programFiles({ name, components }: Plan): Promise<readonly ZipFile[]> {
  const found: ZipFile[] = []
  for (const component of components) {
    if (component.operator !== 'shell') continue
    const { cwd = '.', files = [] } = component.config as unknown as ShellConfig
    found.push({ name: scriptOf(component.id), bytes: Buffer.from(startScript(component)) })
    for (const file of files) {
      try {
        found.push(...(await filesAt(resolve(process.cwd(), cwd), file, folderOf(component.id))))
      } catch (error) {
        const why = `a file of '${component.id}' cannot be read: ${(error as Error).message}`
        throw new HeddleError('HEDDLE_MODULE_INVALID', `'${name}': ${why}`, { cause: error })
      }
    }
  }
  return found
}

/** A file, or all in a folder. */
async function filesAt(cwd: string, file: string, to: string): Promise<ZipFile[]> {
  const path = resolve(cwd, file)
  const inside = relative(cwd, path)
  if (inside.startsWith('..')) throw new RangeError(`'${file}' is not in '${cwd}'`)
  const nameOf = (each: string): string => `${to}/${relative(cwd, each).split(sep).join('/')}`
  if (!(await stat(path)).isDirectory()) return [{ name: nameOf(path), bytes: await readFile(path) }]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const each = join(parentPath, name)
        return { name: nameOf(each), bytes: await readFile(each) }
      }),
  )
}

/** The program takes the place of the shell, so that what Storm ends is the program. */
function startScript({ id, config }: PlanComponent): string {
  const { command, args, env = {} } = config as unknown as ShellConfig
  const variables = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}\n`)
  const into = `mkdir -p ${quoted(folderOf(id))} && cd ${quoted(folderOf(id))} || exit 1\n`
  return `${variables.join('')}${into}exec ${[command, ...args].map(quoted).join(' ')}\n`
}

/** A word of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
