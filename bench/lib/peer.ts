import { spawn } from 'node:child_process'

/**
 * Gets a peer; where it cannot be had, says why and gives `undefined`, and the figures beside it are left out. What it is
 * asked to do later is not in `get`: a peer that is there and fails is a bench that breaks.
 */
export async function peer<T>(name: string, get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get()
  } catch (error) {
    console.log(`  – ${name} is left out: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

export interface Command {
  readonly cwd?: string
  /** Besides this process's environment. */
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * Runs a program to its end, and gives what it printed.
 * @throws when it is not there, or ends with another code than 0; then with what it printed.
 */
export function must(
  program: string,
  args: readonly string[],
  { cwd, environment }: Command = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += String(chunk)))
    child.on('error', (error) => reject(new Error(`cannot run ${program}: ${error.message}`)))
    child.on('close', (code) =>
      code === 0 ? resolve(said) : reject(new Error(`${program} ended with ${code}:\n${said}`)),
    )
  })
}
