// Starts the programs beside this file as real processes, and hears what they say: one JSON value a line.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Program {
  readonly process: ChildProcess
  /** All that it has said; grows. */
  readonly said: readonly unknown[]
  /** Resolves when something is said that `fits`, or has been; rejects when the program ends before. */
  until<T>(fits: (said: readonly unknown[]) => T | undefined | false): Promise<T>
  say(message: unknown): void
  /** SIGKILL; resolves when it is gone, and all that it said was heard. */
  kill(): Promise<void>
}

export function start(file: string, settings: object, wrapper: readonly string[] = []): Program {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const [command, ...args] = [
    ...wrapper,
    process.execPath,
    '--conditions=@heddle/source',
    path,
    JSON.stringify(settings),
  ]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  // It may be killed while it is spoken to.
  child.stdin.on('error', () => {})
  const said: unknown[] = []
  const listeners = new Set<() => void>()
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => {
    // A kill can cut the last line.
    if (!line.endsWith(']') && !line.endsWith('}')) return
    said.push(JSON.parse(line))
    for (const listener of listeners) listener()
  })
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]).then(() => {
    for (const listener of listeners) listener()
  })
  let over = false
  void ended.then(() => (over = true))
  return {
    process: child,
    said,
    until: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = fits(said)
          if (found !== undefined && found !== false) {
            listeners.delete(look)
            resolve(found)
          } else if (child.exitCode !== null || child.signalCode !== null || over) {
            listeners.delete(look)
            reject(
              new Error(`${file} ended (${child.exitCode ?? child.signalCode}) after ${said.length} lines`),
            )
          }
        }
        listeners.add(look)
        void ended.then(look)
        look()
      }),
    say: (message) => void child.stdin.write(`${JSON.stringify(message)}\n`),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

export async function withFolder<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'heddle-e2e-'))
  try {
    return await use(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}
