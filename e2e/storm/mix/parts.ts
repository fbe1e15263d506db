import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { cached } from '../../../bench/lib/cache.ts'
import { zip } from '../../../packages/engine/src/storm/bundle/zip.ts'
import { copyJars, jars } from '../../../tools/services/jars.ts'
import { javaTool, majorVersion } from '../../../tools/services/java-tool.ts'

/** What the topology brings along that is not ours. */
export interface Parts {
  /** Our classes in Java, and those that they need. */
  readonly jars: readonly string[]
  /** A folder with the bolt in Python, and pystorm. */
  readonly programs: string
}

const pystorm = 'pystorm==3.1.4'

/** Whether they can be had here: as for services, what is missing is told, and is a failure on CI. */
export function partsAvailable(): boolean {
  const pip = spawnSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' })
  const lacks = [
    majorVersion(javaTool('javac')) === undefined && 'the Java compiler',
    pip.status !== 0 && 'Python with pip',
  ].filter((lack) => lack !== false)
  if (lacks.length === 0) return true
  const line = `cannot mix components: there is no ${lacks.join(', and no ')}`
  if (process.env['CI'] === 'true') throw new Error(line)
  process.stderr.write(`skipped: ${line}\n`)
  return false
}

/** Gets them, once for each clone. @throws what Maven, the compiler or pip says. */
export async function parts(): Promise<Parts> {
  const here = import.meta.dirname
  const files = globSync(['pom.xml', '*.java', '*.py'], { cwd: here }).sort()
  const folder = await cached(
    'storm-mix',
    { files: files.map((name) => join(here, name)), texts: [pystorm] },
    async (into) => {
      await buildJar(here, into)
      installProgram(here, join(into, 'programs'))
    },
  )
  const lib = join(folder, 'lib')
  return { jars: readdirSync(lib).map((name) => join(lib, name)), programs: join(folder, 'programs') }
}

async function buildJar(here: string, into: string): Promise<void> {
  const [lib, classes] = [join(into, 'lib'), join(into, 'classes')]
  await copyJars(join(here, 'pom.xml'), 'runtime', lib)
  const classPath = [join(lib, '*'), join(await jars('storm'), 'lib-worker', '*')].join(':')
  const sources = globSync('*.java', { cwd: here }).map((name) => join(here, name))
  execFileSync(javaTool('javac'), ['-d', classes, '-cp', classPath, ...sources])
  const files = readdirSync(classes).map((name) => ({ name, bytes: readFileSync(join(classes, name)) }))
  writeFileSync(join(lib, 'mix.jar'), zip(files))
}

function installProgram(here: string, programs: string): void {
  mkdirSync(programs)
  copyFileSync(join(here, 'shout.py'), join(programs, 'shout.py'))
  const options = ['--quiet', '--root-user-action=ignore', '--disable-pip-version-check']
  execFileSync(
    'python3',
    ['-m', 'pip', 'install', ...options, '--target', join(programs, 'packages'), pystorm],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
}
