import { spawnSync } from 'node:child_process'
// `npm run docs`: builds the site of docs/ into docs/.vitepress/dist; `-- dev` serves it; `-- check` checks links and code.
import { existsSync } from 'node:fs'
import { root } from '../run.ts'

const [what = 'build'] = process.argv.slice(2)

function must(command: string, ...args: readonly string[]): void {
  const { status } = spawnSync(command, args, {
    cwd: `${root}docs`,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
}

if (what === 'check') {
  const { checkPages } = await import('./check.ts')
  const mistakes = await checkPages()
  for (const mistake of mistakes) console.log(mistake)
  console.log(mistakes.length === 0 ? 'docs: all is well' : `docs: ${mistakes.length} mistakes`)
  process.exit(mistakes.length === 0 ? 0 : 1)
}

// What only the site needs is installed when it is first made.
if (!existsSync(`${root}docs/node_modules/vitepress`))
  must('npm', 'ci', '--no-audit', '--no-fund', '--ignore-scripts')
const entries = ['heddle/src/index.ts', 'heddle/src/testing/index.ts', 'client/src/index.ts']
const settings: Readonly<Record<string, string>> = {
  tsconfig: '../tsconfig.json',
  readme: 'none',
  plugin: 'typedoc-plugin-markdown',
  out: 'api',
  entryFileName: 'index',
  logLevel: 'Error',
}
must(
  'node_modules/.bin/typedoc',
  '--skipErrorChecking',
  '--excludeInternal',
  ...entries.flatMap((entry) => ['--entryPoints', `../packages/${entry}`]),
  ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
)
must('node_modules/.bin/vitepress', what === 'dev' ? 'dev' : 'build', '.')
