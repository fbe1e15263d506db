// `npm run verify`: all checks that need no service, one line each, ended by the first that fails.
// `npm run verify -- --fix` first puts right what can be put right without thought.

import { availableParallelism } from 'node:os'
import { run } from './run.ts'

type Command = readonly [name: string, ...args: string[]]

// The command line, whose commands the check of the pages parses, is run from its sources.
const tool = (file: string, ...args: string[]): Command => [
  process.execPath,
  '--conditions=@heddle/source',
  `tools/${file}`,
  ...args,
]

const fixes: readonly Command[] = [
  ['oxlint', '--fix', '--quiet'],
  tool('lock.ts'),
  tool('architecture.ts'),
  tool('errors.ts'),
  ['oxfmt'],
]

/** In the order in which they are begun: first what mostly fails, and fails fast. */
const checks: Readonly<Record<string, Command>> = {
  format: ['oxfmt', '--check'],
  lint: ['oxlint'],
  types: ['tsc', '-p', 'tsconfig.json'],
  'hall rule': ['depcruise', 'packages'],
  'lock file': tool('lock.ts', '--check'),
  drawing: tool('architecture.ts', '--check'),
  'error table': tool('errors.ts', '--check'),
  docs: tool('docs/main.ts', 'check'),
  'unit tests': ['vitest', 'run', '--project', 'unit'],
  'unused code': ['knip', '--no-config-hints'],
  packages: tool('packages.ts'),
}

const tty = process.stdout.isTTY
const paint = (color: number, text: string) => (tty ? `\x1b[${color}m${text}\x1b[0m` : text)
const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

async function verify(): Promise<void> {
  const began = performance.now()
  const stop = new AbortController()
  const waiting = Object.entries(checks)

  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next && !stop.signal.aborted; next = waiting.shift()) {
      const [name, [command, ...args]] = next
      const since = performance.now()
      const { code, output } = await run(command, args, stop.signal)
      if (stop.signal.aborted) return
      console.log(
        `${code === 0 ? paint(32, '✓') : paint(31, '✗')} ${name.padEnd(12)} ${paint(2, seconds(since))}`,
      )
      if (code !== 0) {
        stop.abort()
        process.exitCode = 1
        console.log(
          `\n${output.trim()}\n\n${paint(31, `verify: ${name} failed`)} (${[command, ...args].join(' ')})`,
        )
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker))
  if (!stop.signal.aborted) console.log(`verify: all is well, in ${seconds(began)}`)
}

async function fix(): Promise<void> {
  for (const [command, ...args] of fixes) {
    const { code, output } = await run(command, args)
    // What cannot be fixed, the check that follows shows.
    if (code !== 0 && command !== 'oxlint') console.log(output.trim())
  }
}

if (process.argv.includes('--fix')) await fix()
await verify()
