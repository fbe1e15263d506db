import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Busy, MakerName, Routing } from './topologies.ts'

/** A program that runs the routing, in a process of its own. */
export interface Side {
  /** The consumer group whose offsets show how far it has come. */
  readonly group: string
  /** Rejects when it ends by itself. */
  readonly failed: Promise<never>
  /** Ends it (SIGKILL). */
  stop(): Promise<void>
}

/** A Node program that is ended by the end of its channel, however this process ends. */
export function nodeSide(
  file: string,
  args: readonly string[],
  group: string,
): Side & { child: ChildProcess } {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  const failed = ended.then((how): never => {
    throw new Error(`${file} ended (${how})`)
  })
  failed.catch(() => undefined)
  return {
    child,
    group,
    failed,
    stop: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** A process of ours with a topology. */
export const worker = (
  brokers: readonly string[],
  folder: string,
  maker: MakerName,
  options: Routing | Busy,
): ReturnType<typeof nodeSide> =>
  nodeSide('worker-process.ts', [brokers.join(','), folder, maker, JSON.stringify(options)], options.name)

/** Resolves when it says that it is ready. */
export async function ready({ child, failed }: ReturnType<typeof nodeSide>): Promise<void> {
  await Promise.race([once(child, 'message'), failed])
}
