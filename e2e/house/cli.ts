import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../packages/heddle/src/cli/main.ts', import.meta.url))

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(args: readonly string[], { cwd, env }: RunOptions): ChildProcess {
  return spawn(process.execPath, ['--conditions=@heddle/source', main, ...args], {
    cwd: cwd ?? tmpdir(),
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, HEDDLE_URL: undefined, ...env },
    stdio: 'pipe',
  })
}

/** Runs `heddle` with these arguments to its end. */
export async function heddle(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = start(args, options)
  let [stdout, stderr] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin!.end(options.input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** A `heddle` that goes on: its lines, as they come. */
export class Running {
  readonly child: ChildProcess
  readonly lines: string[] = []
  stderr = ''
  readonly #exit: Promise<number | null>
  #woken = Promise.withResolvers<void>()

  constructor(args: readonly string[], options: RunOptions = {}) {
    this.child = start(args, options)
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.lines.push(line)
      this.#wake()
    })
    this.#exit = once(this.child, 'close').then(([code]) => {
      this.#wake()
      return code as number | null
    })
  }

  #wake(): void {
    this.#woken.resolve()
    this.#woken = Promise.withResolvers()
  }

  /** The first line from number `from` on for which `wanted` is true; fails when the process ends before. */
  async line(wanted: (line: string) => boolean, from = 0): Promise<string> {
    for (;;) {
      const found = this.lines.slice(from).find(wanted)
      if (found !== undefined) return found
      const ended = await Promise.race([this.#woken.promise.then(() => false), this.#exit.then(() => true)])
      if (ended && !this.lines.slice(from).some(wanted))
        throw new Error(`it ended before that line:\n${this.lines.join('\n')}\n${this.stderr}`)
    }
  }

  /** The address of a host that was started with `--json`. */
  async url(): Promise<string> {
    const line = await this.line((each) => each.includes('"ready":true'))
    return (JSON.parse(line) as { url: string }).url
  }

  /** Sends a signal; resolves with the exit code, `null` when the signal ended it. */
  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    return this.#exit
  }
}

/** A folder for one test, gone at its end: `using folder = temporaryFolder()`. */
export function temporaryFolder(): Disposable & { readonly path: string; at(...parts: string[]): string } {
  const path = mkdtempSync(join(tmpdir(), 'heddle-e2e-'))
  return {
    path,
    at: (...parts) => join(path, ...parts),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

const packages = fileURLToPath(new URL('../../packages', import.meta.url))

/** Makes `import 'heddle'` work in a folder outside of the workspace. */
export function installHeddle(folder: string): void {
  mkdirSync(`${folder}/node_modules`, { recursive: true })
  symlinkSync(`${packages}/heddle`, `${folder}/node_modules/heddle`)
}
