import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Routing } from './routes.ts'

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

/** Our engine on Kafka. */
export const ours = (brokers: readonly string[], folder: string, routing: Routing): Side =>
  nodeSide('worker-process.ts', [brokers.join(','), folder, JSON.stringify(routing)], routing.name)
