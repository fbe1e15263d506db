/**
 * What it takes to run STOMP clients of other languages. Where a language is missing, or its client cannot be brought, its test is
 * skipped with the reason.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../tools/run.ts'

const here = import.meta.dirname

/** Outside node_modules, which `npm ci` empties. */
const cache = join(root, '.cache', 'stomp-clients')

/** How long bringing a client may take, in milliseconds. */
const patienceMs = 180_000

/** How a client is started: a program, and what comes before the address of the broker. */
export type Command = readonly [program: string, ...args: string[]]

export interface Language {
  readonly name: string
  /** Brings the client, once for this clone. @throws when it cannot be had. */
  readonly command: () => Command
}

export const languages: readonly Language[] = [
  { name: 'stomp.py 9.0.0, in Python', command: python },
  { name: 'ruby-stomp, in Ruby', command: ruby },
  { name: 'go-stomp 3.1.5, in Go', command: go },
]

/** `undefined` when it cannot be had; then the reason was printed. */
export function commandOf({ command, name }: Language): Command | undefined {
  try {
    return command()
  } catch (error) {
    process.stderr.write(`stomp: skipped: ${name}: ${(error as Error).message}\n`)
    return undefined
  }
}

function python(): Command {
  const folder = join(cache, 'python')
  const program = join(folder, 'bin', 'python')
  const ready = (): boolean => existsSync(program) && run([program, '-c', 'import stomp']) === undefined
  if (!ready()) {
    must(['python3', '-m', 'venv', '--clear', folder])
    must([program, '-m', 'pip', 'install', '--quiet', '--retries', '1', 'stomp.py==9.0.0'])
  }
  return [program, join(here, 'client.py')]
}

function ruby(): Command {
  must(['ruby', '-e', 'require "stomp"'])
  return ['ruby', join(here, 'client.rb')]
}

function go(): Command {
  const program = join(cache, 'go', 'client')
  mkdirSync(join(cache, 'go'), { recursive: true })
  must(['go', 'build', '-o', program, '.'], join(here, 'go'))
  return [program]
}

/** Why a command failed; `undefined` when it did not. */
function run([program, ...args]: Command, cwd = here): string | undefined {
  const env = { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false', GOTOOLCHAIN: 'local' }
  const { error, status, stderr } = spawnSync(program, args, {
    cwd,
    env,
    timeout: patienceMs,
    encoding: 'utf8',
  })
  if (status === 0) return undefined
  return error?.message ?? (stderr.trim().split('\n').at(-1) || `${program} ended with ${status}`)
}

function must(command: Command, cwd?: string): void {
  const why = run(command, cwd)
  if (why !== undefined) throw new Error(why)
}
