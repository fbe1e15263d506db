import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startStorm } from '../../tools/services/storm/storm.ts'
import { whatIsMissing } from '../../tools/services/toolchain.ts'

const cli = fileURLToPath(new URL('../../packages/heddle/src/cli/main.ts', import.meta.url))
const topologyFile = fileURLToPath(new URL('topology.ts', import.meta.url))

/** A real Storm that runs the topology of the demo. */
export interface DemoStorm {
  readonly nimbus: string
  readonly bootMs: number
  /** Submits the topology; resolves when it reads. */
  submit(): Promise<void>
  /** Ends the topology, when what is under way is done. */
  kill(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts a real Storm for the demo.
 *
 * @param log Address of the log.
 * @throws when this machine cannot run one, with what is missing and how to get it.
 */
export async function startDemoStorm(log: string): Promise<DemoStorm> {
  const missing = whatIsMissing(['storm'])
  if (missing !== undefined) throw new Error(`the demo on Storm starts a real one, and ${missing}`)
  const storm = await startStorm()
  const heddle = async (...args: readonly string[]): Promise<void> => {
    const child = spawn(
      process.execPath,
      [cli, ...args, '--engine', `storm://${storm.nimbus}`, '--log', log],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += String(chunk)))
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new Error(`heddle ${args[0]} ended with ${code}:\n${said}`)
  }
  return {
    nimbus: storm.nimbus,
    bootMs: storm.bootMs,
    submit: () => heddle('submit', topologyFile, '--node', process.execPath),
    kill: () => heddle('storm', 'kill', 'github'),
    stop: () => storm.stop(),
  }
}
