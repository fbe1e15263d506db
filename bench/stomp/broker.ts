import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Heddle with its STOMP door, in a process of its own; `await using` kills it. */
export interface Broker extends AsyncDisposable {
  readonly port: number
  /** What it holds in MB after a garbage collection, without pages of the log's file. Linux only. */
  memory(): Promise<number>
}

export async function startBroker(folder: string): Promise<Broker> {
  const path = fileURLToPath(new URL('server-process.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, '--expose-gc', path, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]()
  const line = async (): Promise<number> => Number((await lines.next()).value)
  return {
    port: await line(),
    memory() {
      child.stdin!.write('\n')
      return line()
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
