import { dirname, join } from 'node:path'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { type Log, type Topology, errorMessage, isHeddleError, systemClock } from '@heddle/core'
import { Commands } from './commands.ts'
import { type ComponentContext, json, readHandshake } from './component-context.ts'
import { LogLines } from './log-lines.ts'
import type { CodeData, FromCode, ToCode } from './messages.ts'
import { openHost } from './open-host.ts'
import { confNames } from './settings.ts'

/** What a bundle gives to its components. */
export interface Served {
  /**
   * Loads the topologies. Only where their code is to run: the thread that speaks with Storm loads none of it, since what it
   * prints, or how long it takes, must not come between.
   */
  readonly load: () => Promise<readonly Topology[]>
  /**
   * Opens the log of the topology.
   *
   * @param options `componentLog` of the engine's options.
   * @param folder Where this process may keep files; Storm deletes it with the worker.
   */
  readonly openLog: (options: unknown, folder: string) => Promise<Log>
}

/** How often the code shows that it is not stuck, in milliseconds: a small part of the shortest hang timeout that makes sense. */
const beatMs = 500

/** Runs one component of a topology, in a thread of its own: the other one speaks with Storm. */
export async function runCode({ load, openLog }: Served): Promise<void> {
  const port: MessagePort = parentPort!
  const { handshake } = workerData as CodeData
  const post = (message: FromCode): void => port.postMessage(message)
  setInterval(() => post({ beat: true }), beatMs)

  let ended = false
  const commands = new Commands((text, emits) => post({ commands: text, emits }))
  const broken = (error: unknown): void => {
    if (ended) return
    ended = true
    post({ broken: describe(error) })
  }
  try {
    const known = readHandshake(handshake, await load())
    const folder = join(dirname(handshake.pidDir), 'tmp', `heddle-${known.task}`)
    const log = await openLog(json(handshake.conf, confNames.log), folder)
    const { plan, component, task, clock } = known
    const lines = new LogLines(log, clock, plan.name, component.id, task)
    const report = sparsely(known.settings.errorIntervalMs, (error) => {
      commands.error(error)
      lines.add({ level: 'error', line: error })
    })
    const context: ComponentContext = { ...known, log, report, broken }
    const receive = await openHost(context, commands)
    port.on('message', (message: ToCode) => {
      if ('printed' in message) lines.add(message.printed)
      else receive(message)
    })
    post({ ready: true })
  } catch (error) {
    broken(error)
  }
}

/** Tells Storm of errors, but not of each: it writes them to ZooKeeper. */
function sparsely(intervalMs: number, tell: (error: string) => void): (error: unknown) => void {
  let last = -Infinity
  return (error) => {
    const now = systemClock.now()
    if (now - last < intervalMs) return
    last = now
    tell(describe(error))
  }
}

const describe = (error: unknown): string =>
  isHeddleError(error) || !(error instanceof Error) ? errorMessage(error) : (error.stack ?? error.message)
