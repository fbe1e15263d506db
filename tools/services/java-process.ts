import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { javaTool } from './java-tool.ts'
import { groupLives, signalGroup } from './process-group.ts'

export interface JavaCommand {
  /** Names the process in messages, and its log file. */
  readonly name: string
  readonly main: string
  readonly args?: readonly string[]
  readonly classPath: readonly string[]
  /** Largest heap, as Java writes it: `256m`. */
  readonly heap: string
  readonly options?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Folder for the log file. */
  readonly logs: string
  /** Folder that is deleted with the process when its owner dies. */
  readonly data: string
}

/**
 * Becomes the JVM (so that its pid is the JVM's, and the number of its process group), and leaves a guard in that group,
 * which waits on a pipe (3) that the owner holds. When the owner ends in any way, SIGKILL too, the system closes the pipe:
 * the guard then freezes the JVM, deletes its data, and kills the whole group, with all that the JVM has started in it.
 */
const GUARDED = `
{ read -r _ <&3; kill -STOP $$; rm -rf "$0"; kill -KILL 0; } >/dev/null 2>&1 &
exec 3<&-
exec "$@"`

/** For all: no dialogue with a display, IPv4 as the addresses are, and no files in the temporary folder to leave behind. */
const ALWAYS = ['-Djava.awt.headless=true', '-Djava.net.preferIPv4Stack=true', '-XX:-UsePerfData']

/** For daemons that are off the path of the messages: on for quick starts, since their speed decides nothing. */
export const LIGHT = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

/** For those that log with slf4j-simple: the time of each line, as the other logs have it. */
export const SIMPLE_LOGGER = [
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
]

/** After SIGTERM, in milliseconds; a clean stop of a Kafka broker takes about one second. */
const TERM_TIMEOUT = 30_000

/** How long a killed process group may take to leave the process table, in milliseconds. */
const GONE_TIMEOUT = 10_000

/** How many lines of a log are shown when a boot fails. */
const TAIL_LINES = 40

/** One JVM and all processes that it starts, in a process group of their own that does not outlive this process. */
export class JavaProcess {
  readonly name: string
  readonly log: string
  readonly #child: ChildProcess
  readonly #pipe: Socket
  readonly #ended: Promise<string>
  #running = true
  #gone = false
  #asked = false

  constructor(command: JavaCommand) {
    this.name = command.name
    this.log = join(command.logs, `${command.name}.log`)
    const { heap, options = [], classPath, main, args = [] } = command
    const java = [javaTool('java'), `-Xmx${heap}`, ...ALWAYS, ...options]
    const program = ['-cp', classPath.join(delimiter), main, ...args]
    const log = openSync(this.log, 'a')
    this.#child = spawn('/bin/sh', ['-c', GUARDED, command.data, ...java, ...program], {
      cwd: command.data,
      detached: true,
      // Not over stdin: Node closes that when the JVM ends, and its children may live on.
      stdio: ['ignore', log, log, 'pipe'],
      env: { ...process.env, ...command.env, PATH: pathWithThisNode() },
    })
    closeSync(log)
    const pipe = this.#child.stdio[3] as Socket
    pipe.on('error', () => undefined)
    pipe.unref()
    this.#pipe = pipe
    this.#ended = new Promise((resolve) => {
      const ended = (how: string): void => {
        this.#running = false
        resolve(how)
      }
      this.#child.on('error', (error) => ended(error.message))
      this.#child.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
    })
  }

  /** Of the JVM, and of its process group. */
  get pid(): number {
    const { pid } = this.#child
    if (pid === undefined) throw new Error(`${this.name} was not started`)
    return pid
  }

  get running(): boolean {
    return this.#running
  }

  /** Rejects when the JVM ends, with the last lines of its log. */
  async untilItEnds(): Promise<never> {
    const how = await this.#ended
    throw new Error(`${this.name} ended (${how})\n${this.tail()}`)
  }

  /** Resolves with how the JVM ended, when nobody here asked for it (`kill`, `terminate`, `killGroup`); else never. */
  async untilItDies(): Promise<string> {
    const how = await this.#ended
    return this.#asked ? new Promise(() => undefined) : how
  }

  /** Whether it was stopped from here. */
  get asked(): boolean {
    return this.#asked
  }

  /** Resolves when the JVM has ended with exit code 0; rejects when it ends otherwise. */
  async untilItSucceeds(): Promise<void> {
    const how = await this.#ended
    if (how !== 'exit code 0') throw new Error(`${this.name} failed (${how})\n${this.tail()}`)
    await this.killGroup()
  }

  /** The last lines of the log, and where the rest is. */
  tail(): string {
    const lines = readFileSync(this.log, 'utf8').trimEnd().split('\n')
    return [...lines.slice(-TAIL_LINES), `(log: ${this.log})`].join('\n')
  }

  /** Freezes the JVM (SIGSTOP): its connections stay open, and nothing answers. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  /** Lets it go on (SIGCONT). */
  resume(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  /** Kills the JVM alone (SIGKILL); what it started lives on until `killGroup`. */
  async kill(): Promise<void> {
    this.#asked = true
    if (this.#running) process.kill(this.pid, 'SIGKILL')
    await this.#ended
  }

  /** Asks the JVM to stop cleanly (SIGTERM); after 30 seconds it is killed. */
  async terminate(): Promise<void> {
    this.#asked = true
    if (this.#running) process.kill(this.pid, 'SIGTERM')
    const over = new AbortController()
    await Promise.race([
      this.#ended,
      pause(TERM_TIMEOUT, undefined, { signal: over.signal }).catch(() => undefined),
    ])
    over.abort()
    await this.kill()
  }

  /** Kills the JVM, all that it started and the guard; returns when they are gone. May be called again. */
  async killGroup(): Promise<void> {
    const group = this.#child.pid
    // Only once: when a group is gone, its number may be given to another.
    if (group === undefined || this.#gone) return
    this.#asked = true
    signalGroup(group, 'SIGKILL')
    await this.#ended
    this.#pipe.destroy()
    const end = performance.now() + GONE_TIMEOUT
    while (groupLives(group)) {
      if (performance.now() > end) throw new Error(`${this.name}: process group ${group} survived SIGKILL`)
      await pause(10)
    }
    this.#gone = true
  }
}

/** So that what a service starts by the name `node` (the components of a Storm topology) runs on this Node. */
function pathWithThisNode(): string {
  return [dirname(process.execPath), process.env['PATH']].join(delimiter)
}
