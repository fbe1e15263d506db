import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The folder of the repo, with a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** What became of a command: all it printed, in order, and its exit code (1 when a signal ended it). */
export interface Ran {
  readonly code: number
  readonly output: string
}

/**
 * Runs a command in the root of the repo and collects what it prints. Programs of installed packages are found by
 * name, since set-up puts `node_modules/.bin` first on the path. Aborting the signal ends the command.
 */
export function run(command: string, args: readonly string[], signal?: AbortSignal): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal && { signal }),
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)))
    child.stderr.on('data', (chunk: Buffer) => (output += String(chunk)))
    child.on('error', (error) => (output += `${command}: ${error.message}\n`))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
