import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { HeddleError, type Plan, errorMessage } from '@heddle/core'
import type { BuildOptions } from 'esbuild'
import { portable } from '../plan/portable.ts'
import { planMark } from '../runtime/print-plan.ts'
import { type BundledPackage, packageFiles } from './package-files.ts'
import { type ZipFile, inResources, zip } from './zip.ts'

/** How to make the file that components run. */
export interface BundleSource {
  /** Text of its first module, which calls `serveComponent`. */
  readonly entry: string
  /** Folder that the imports of that text are found from. */
  readonly resolveFrom: string
  /** Modules that are started as threads, by the path of their source: each becomes a file beside the bundle. Default none. */
  readonly threads?: readonly string[]
  /** Conditions of package exports, as Node's `--conditions`. Default none. */
  readonly conditions?: readonly string[]
  /**
   * Packages that cannot be part of one file, since they load native code: they go beside it with what they depend on, as they are
   * installed here, for this system and processor. Default none.
   */
  readonly packages?: readonly BundledPackage[]
}

/** What Storm starts, in the folder with the files of the bundle. */
export const bundleName = 'component.mjs'

/** What that starts in a thread: the topology, and what runs it. */
const codeName = 'code.mjs'

const component = fileURLToPath(
  new URL(`../runtime/component.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
)

/** How long the bundle may take to load, in milliseconds. */
const loadTimeoutMs = 60_000

/** Packages in CommonJS ask for others by `require`, which a module has not. */
const banner = `import { createRequire as heddleCreateRequire } from 'node:module'
const require = heddleCreateRequire(import.meta.url)`

/**
 * Makes files of a topology and of what runs it, sees that it loads and has the plan that is to be submitted, and packs it
 * as Storm wants it: `resources/` of a jar.
 *
 * @param plan Without paths of this machine: see `portable`.
 * @param beside More files, which go into the same folder.
 * @throws HEDDLE_MODULE_INVALID when it cannot be made, does not load, or has another plan.
 */
export async function bundle(
  source: BundleSource,
  plan: Plan,
  beside: readonly ZipFile[] = [],
): Promise<Buffer> {
  const { entry, resolveFrom, threads = [] } = source
  const first = { contents: entry, resolveDir: resolveFrom, loader: 'ts', sourcefile: 'entry.ts' } as const
  const files: ZipFile[] = [
    // What ends in .js is a module.
    { name: 'package.json', bytes: Buffer.from('{"type":"module"}') },
    { name: bundleName, bytes: await oneFile({ entryPoints: [component] }, source, plan.name) },
    { name: codeName, bytes: await oneFile({ stdin: first }, source, plan.name) },
  ]
  for (const path of threads) {
    const name = basename(path).replace(/\.ts$/, '.js')
    files.push({ name, bytes: await oneFile({ entryPoints: [path] }, source, plan.name) })
  }
  for (const each of source.packages ?? []) files.push(...(await packageFiles(each)))
  const folder = await mkdtemp(join(tmpdir(), 'heddle-bundle-'))
  try {
    for (const { name, bytes } of files) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), bytes)
    }
    await checkPlan(join(folder, codeName), plan)
  } finally {
    await rm(folder, { recursive: true })
  }
  return zip(inResources([...files, ...beside]))
}

async function oneFile(from: BuildOptions, source: BundleSource, topology: string): Promise<Uint8Array> {
  const { conditions = [], packages = [] } = source
  // Takes some time to load: only when something is submitted.
  const { build } = await import('esbuild')
  try {
    const { outputFiles } = await build({
      ...from,
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      conditions: [...conditions],
      external: packages.map(({ name }) => name),
      banner: { js: banner },
      logLevel: 'silent',
    })
    return outputFiles[0]!.contents
  } catch (error) {
    throw invalid(topology, `cannot be bundled: ${errorMessage(error)}`, error)
  }
}

/** What is submitted is what the bundle has: its code is looked up by the ids of the plan. */
async function checkPlan(file: string, plan: Plan): Promise<void> {
  const run = promisify(execFile)
  const printed = await run(process.execPath, [file, plan.name], {
    timeout: loadTimeoutMs,
    maxBuffer: 64 * 2 ** 20,
    cwd: dirname(file),
    env: { ...process.env, NODE_OPTIONS: '' },
  }).catch((error: unknown) => {
    const { stderr = '' } = error as { stderr?: string }
    throw invalid(plan.name, `does not load in its bundle: ${stderr.trim() || errorMessage(error)}`, error)
  })
  const line = printed.stdout.split('\n').findLast((each) => each.startsWith(planMark))
  const found = line && (JSON.parse(line.slice(planMark.length)) as Plan | null)
  if (found && JSON.stringify(portable(found)) === JSON.stringify(plan)) return
  throw invalid(
    plan.name,
    'has another plan when it is loaded again: a topology must not depend on when, where or how often it is made',
  )
}

const invalid = (topology: string, why: string, cause?: unknown): HeddleError =>
  new HeddleError('HEDDLE_MODULE_INVALID', `'${topology}' ${why}`, cause === undefined ? {} : { cause })
