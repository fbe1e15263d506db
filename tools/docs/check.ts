import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createProgram } from '../../packages/heddle/src/cli/program.ts'
import { root, run } from '../run.ts'
import { type Block, blocksOf, pages } from './blocks.ts'
import { deadLinks } from './links.ts'

const folder = '.cache/docs'

/**
 * Checks all pages: links, and every block of code. TypeScript is type-checked, and run unless it is marked `no-run`; topologies
 * in YAML are read and their tests run; commands are parsed as the command line does it.
 *
 * @returns What is wrong, with page and line.
 */
export async function checkPages(): Promise<readonly string[]> {
  const all = pages()
  const blocks = all.flatMap(blocksOf)
  const mistakes = [...all.flatMap(deadLinks), ...blocks.flatMap(checkText)]
  rmSync(root + folder, { recursive: true, force: true })
  mkdirSync(root + folder, { recursive: true })
  const files = new Map<string, Block>()
  for (const block of blocks) {
    const extension = extensionOf(block)
    if (extension === undefined) continue
    const name = `${block.page.replaceAll(/[^\w]/g, '_')}_${block.line}.${extension}`
    writeFileSync(join(root, folder, name), block.code)
    files.set(name, block)
  }
  mistakes.push(...(await typeMistakes(files)))
  if (mistakes.length > 0) return mistakes
  return runAll([...files].filter(([, { mark }]) => mark !== 'no-run'))
}

function extensionOf({ language, code }: Block): string | undefined {
  if (language === 'ts') return 'ts'
  return language === 'yaml' && /^topology\s*:/m.test(code) ? 'yaml' : undefined
}

const at = ({ page, line }: Block, offset = 0): string => `${page}:${line + offset}`

function checkText(block: Block): readonly string[] {
  const { language, code } = block
  if (language === '') return [`${at(block)} says no language: 'text' if it is none`]
  if (language === 'json') {
    try {
      JSON.parse(code)
    } catch (error) {
      return [`${at(block)} ${String(error)}`]
    }
  }
  return language === 'sh'
    ? code.split('\n').flatMap((line, index) => checkCommand(line, at(block, index)))
    : []
}

const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  scripts: Record<string, string>
}

/** Commands that are ours: those of heddle, and the scripts of the repo. */
function checkCommand(text: string, place: string): readonly string[] {
  const line = text
    .replace(/\s#.*$/, '')
    .replace(/^\$ /, '')
    .trim()
  const script = /^npm run ([\w:-]+)/.exec(line)?.[1]
  if (script !== undefined && !(script in scripts)) return [`${place} there is no script '${script}'`]
  const heddle = /^(?:npx )?heddle (.+)$/.exec(line)?.[1] ?? /^npm run heddle -- (.+)$/.exec(line)?.[1]
  if (heddle === undefined) return []
  const program = createProgram()
  const quiet = (command: ReturnType<typeof createProgram>): void => {
    command.action(() => {}).configureOutput({ writeErr: () => {}, writeOut: () => {} })
    for (const inner of command.commands) quiet(inner)
  }
  for (const command of program.commands) quiet(command)
  program.configureOutput({ writeErr: () => {}, writeOut: () => {} })
  // As a shell would cut it, as far as pages need it.
  const words = [...heddle.split(/\s[|>&]\s?/)[0]!.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, a, b, c]) => a ?? b ?? c!,
  )
  try {
    program.parse(words, { from: 'user' })
    return []
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return code === 'commander.helpDisplayed' || code === 'commander.version' ? [] : [`${place} ${message}`]
  }
}

async function typeMistakes(files: ReadonlyMap<string, Block>): Promise<readonly string[]> {
  const config = {
    extends: '../../tsconfig.json',
    // Pages show what matters; names that they leave unused, or types that they leave out, are no mistakes.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, rootDir: '../..' },
    include: ['*.ts'],
    exclude: [],
  }
  writeFileSync(join(root, folder, 'tsconfig.json'), JSON.stringify(config))
  const { code, output } = await run('tsc', [
    '-p',
    `${folder}/tsconfig.json`,
    '--noEmit',
    '--pretty',
    'false',
  ])
  if (code === 0) return []
  return output
    .trim()
    .split('\n')
    .map((text) =>
      text.replace(/^\S*?([\w]+\.ts)\((\d+),/, (whole, name: string, line: string) => {
        const block = files.get(name)
        return block ? `${at(block, Number(line) - 1)} (column ` : whole
      }),
    )
}

/** How long the blocks of one process may take, in milliseconds. */
const patienceMs = 300_000

/** Runs the files, some in each process: starting one takes longer than most of them. */
async function runAll(files: readonly (readonly [name: string, block: Block])[]): Promise<readonly string[]> {
  const places = new Map(files.map(([name, block]) => [join(root, folder, name), at(block)]))
  const names = [...places.keys()]
  const count = availableParallelism()
  const shares = Array.from({ length: count }, (_, share) =>
    names.filter((__, index) => index % count === share),
  )
  const runs = shares.map(async (share) => {
    const { code, output } = await run(
      process.execPath,
      ['--conditions=@heddle/source', 'tools/docs/run-blocks.ts', ...share],
      AbortSignal.timeout(patienceMs),
    )
    return code === 0 ? [] : [output.trim()]
  })
  const mistakes = (await Promise.all(runs)).flat()
  return mistakes.map((text) => text.replaceAll(/\S+\.(ts|yaml)(?=: )/g, (file) => places.get(file) ?? file))
}
