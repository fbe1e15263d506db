import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const cli = fileURLToPath(new URL('../../packages/heddle/src/cli/main.ts', import.meta.url))

/** How long a start may take, in ms: far above the seconds that it needs on Kafka, for a machine that is busy. */
const startTimeout = 180_000

export interface FabricSettings {
  readonly data: string
  /** Address of the log; the embedded one without it. */
  readonly log?: string | undefined
  readonly port: number
  readonly env: NodeJS.ProcessEnv
  /** File with the topologies that it runs, beside this one. */
  readonly topologies: string
}

/** `heddle up` as a process of its own, which can be killed. */
export class FabricProcess {
  readonly url: string
  readonly #settings: FabricSettings
  #child: ChildProcess | undefined
  /** What it wrote to stderr last, for when it dies by itself. */
  #log: string[] = []
  kills = 0

  constructor(settings: FabricSettings) {
    this.#settings = settings
    this.url = `http://127.0.0.1:${settings.port}`
  }

  /** Starts it; resolves with the milliseconds until it said that it is ready. */
  async start(): Promise<number> {
    const started = performance.now()
    const { data, log, port, env, topologies } = this.#settings
    const file = fileURLToPath(new URL(topologies, import.meta.url))
    const args = ['up', '--json', '--log-level', 'warn', '--data', data, '--http', String(port)]
    if (log !== undefined) args.push('--log', log)
    const child = spawn(process.execPath, [cli, ...args, file], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#log = [...this.#log.slice(-19), line]
    })
    const timeout = AbortSignal.timeout(startTimeout)
    await Promise.race([
      once(createInterface({ input: child.stdout }), 'line', { signal: timeout }),
      once(child, 'exit', { signal: timeout }).then(([code]) => {
        throw new Error(`heddle up ended with ${code}:\n${this.#log.join('\n')}`)
      }),
    ])
    return performance.now() - started
  }

  /** What it said on stderr last. */
  get lastWords(): string {
    return this.#log.join('\n')
  }

  /** Ends it as a power cut would: nothing in the process gets to run any more. */
  async kill(): Promise<void> {
    this.kills++
    await this.#end('SIGKILL')
  }

  /** Ends it as an operator would: what is under way is finished. Resolves with the exit code. */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const exit = once(child, 'exit')
    child.kill(signal)
    const [code] = (await exit) as [number | null]
    return code
  }
}

/** A port that is free now. It stays the same over restarts, so that clients find the fabric again. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
