import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The folder of the repo, with a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** What became of a command: all it printed, in order, and its exit code (1 when a signal ended it). */
export interface Ran {
  readonly code: number
  readonly output: string
  readonly ms: number
}

/**
 * Runs a command in the root of the repo and collects what it prints. Programs of installed packages are found by
 * name, since set-up puts `node_modules/.bin` first on the path.
 */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => (output += String(chunk)))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, output, ms: performance.now() - began }))
  })
}
