import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeddleError, type PlanComponent, errorMessage, systemClock } from '@heddle/core'
import { type ShellMessage, shellChannel } from '../local/channels.ts'
import { Deframer, frame } from './framing.ts'
import {
  type Handshake,
  type ProgramMessage,
  type SpoutCommand,
  type TupleMessage,
  logLevels,
  programMessage,
} from './messages.ts'

export interface ShellConfig {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** Only for where it does not run on the machine that it was written on: see `ShellOptions`. */
  readonly files?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly conf?: Readonly<Record<string, unknown>>
  readonly tickMs?: number
  readonly heartbeatTimeoutMs: number
  readonly startTimeoutMs: number
  readonly maxMessageBytes: number
}

export interface ShellContext {
  readonly topology: string
  readonly component: PlanComponent
  readonly task: number
  /** Component of each task. */
  readonly componentOf: Readonly<Record<string, string>>
  /** Fields of each stream that it takes, by component. */
  readonly sources: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  /** Aborted when it is not wanted any more: it need not finish starting. */
  readonly signal: AbortSignal
  /** Called for each message that is not about the process itself. */
  readonly received: (message: Exclude<ProgramMessage, { pid: number }>) => void
  /** It is gone, and why. Called once for each life, also when it was asked to end. */
  readonly ended: (error: HeddleError) => void
}

/** How long a program that was asked to end may take, in milliseconds: as long as Storm gives it. */
const endMs = 1000

/** How long what a program wrote last is waited for after its end, in milliseconds. */
const lastWordsMs = 200

/**
 * One life of a program that speaks the multilang protocol. It lives in real time, whatever clock its topology has: nobody can
 * tell it to hurry.
 */
export class ShellProcess {
  readonly #context: ShellContext
  readonly #config: ShellConfig
  readonly #child: ChildProcess
  readonly #deframer: Deframer
  readonly #pidDir: string
  readonly #ready = Promise.withResolvers<void>()
  readonly #gone = Promise.withResolvers<void>()
  #why: HeddleError | undefined
  #full: Promise<void> | undefined
  #lastLine = ''
  /** When it was last heard of, in milliseconds since 1970. */
  heardAt: number

  private constructor(context: ShellContext, config: ShellConfig, child: ChildProcess, pidDir: string) {
    this.#context = context
    this.#config = config
    this.#child = child
    this.#pidDir = pidDir
    this.#deframer = new Deframer(config.maxMessageBytes)
    this.heardAt = systemClock.now()
    this.#ready.promise.catch(() => {})
    child.on('error', (error) => this.#end(this.#failure(errorMessage(error))))
    child.on('exit', (code, signal) => {
      // What it has started goes with it.
      this.#signalGroup()
      const how = signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`
      const end = (): void => {
        clearTimeout(timer)
        this.#end(
          this.#failure(
            this.#lastLine === '' ? how : `${how}; the last that it wrote to stderr: ${this.#lastLine}`,
          ),
        )
        this.#clean()
      }
      // What it wrote last may still be on its way; what it has started may keep the pipe open.
      const timer = setTimeout(end, lastWordsMs)
      child.on('close', end)
    })
    child.stdin!.on('error', () => {}) // what there is to say, the exit says
    child.stdout!.on('data', (chunk: Uint8Array) => this.#read(chunk))
    this.#forwardErrors()
  }

  /** Starts a program, and resolves when it has answered the handshake. @throws HEDDLE_SHELL_FAILED */
  static async start(context: ShellContext): Promise<ShellProcess> {
    const config = context.component.config as unknown as ShellConfig
    const pidDir = await mkdtemp(join(tmpdir(), 'heddle-shell-'))
    const child = spawn(config.command, config.args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(config.cwd !== undefined && { cwd: config.cwd }),
      env: { ...process.env, ...config.env },
      // A group of its own: what it starts is killed with it.
      detached: process.platform !== 'win32',
    })
    const made = new ShellProcess(context, config, child, pidDir)
    const late = systemClock.after(config.startTimeoutMs, () =>
      made.kill(`it did not answer the handshake within ${config.startTimeoutMs} ms`),
    )
    const unwanted = (): void => made.kill('it was closed')
    context.signal.addEventListener('abort', unwanted)
    try {
      if (context.signal.aborted) unwanted()
      void made.send(made.#handshake())
      await made.#ready.promise
      // It may have gone wrong in the same breath.
      if (made.#why) throw made.#why
      return made
    } catch (error) {
      await made.close()
      throw error
    } finally {
      late.clear()
      context.signal.removeEventListener('abort', unwanted)
    }
  }

  /** Resolves when the pipe takes more: whoever awaits it never fills memory. */
  send(message: Handshake | TupleMessage | SpoutCommand | readonly number[]): Promise<void> {
    return this.write(frame(message))
  }

  /** `send` for what is framed already. */
  write(framed: string): Promise<void> {
    const stdin = this.#child.stdin!
    if (this.#why || !stdin.writable) return Promise.resolve()
    if (!stdin.write(framed))
      this.#full ??= new Promise((resolve) => {
        const go = (): void => {
          this.#full = undefined
          resolve()
        }
        stdin.once('drain', go)
        this.#gone.promise.then(go, go)
      })
    return this.#full ?? Promise.resolve()
  }

  /** Ends it at once, and all that it has started. */
  kill(why: string): void {
    this.#end(this.#failure(why))
    this.#signalGroup()
  }

  #signalGroup(): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
    } catch {
      // All of it is gone already.
    }
  }

  /** Closes its stdin, which asks it to end; kills it if it does not. */
  async close(): Promise<void> {
    this.#end(this.#failure('it was closed'))
    if (this.#child.pid === undefined) return this.#gone.promise
    this.#child.stdin!.end()
    const timer = setTimeout(() => this.kill('it was closed'), endMs)
    await this.#gone.promise
    clearTimeout(timer)
  }

  #handshake(): Handshake {
    const { topology, component, task, componentOf, sources } = this.#context
    const { conf, tickMs } = this.#config
    return {
      conf: {
        'topology.name': topology,
        ...(tickMs !== undefined && { 'topology.tick.tuple.freq.secs': tickMs / 1000 }),
        ...conf,
      },
      pidDir: this.#pidDir,
      context: {
        'task->component': componentOf,
        taskid: task,
        componentid: component.id,
        'stream->outputfields': component.streams,
        'source->stream->fields': sources,
      },
    }
  }

  #read(chunk: Uint8Array): void {
    if (this.#why) return
    this.heardAt = systemClock.now()
    try {
      for (const message of this.#deframer.push(chunk).map(programMessage)) {
        if (!('command' in message)) this.#ready.resolve()
        else if (message.command === 'log')
          this.#tell('log', String(message.msg), logLevels[message.level ?? 2] ?? 'info')
        else if (message.command === 'error') this.#tell('error', String(message.msg), 'error')
        else if (message.command === 'metrics')
          this.#tell('metrics', `${message.name} ${JSON.stringify(message.params)}`, 'debug')
        else this.#context.received(message)
      }
    } catch (error) {
      this.kill(error instanceof HeddleError ? error.detail : errorMessage(error))
    }
  }

  #forwardErrors(): void {
    let rest = ''
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!.slice(-this.#config.maxMessageBytes)
      for (const line of lines) {
        if (line.trim() === '') continue
        this.#lastLine = line
        this.#tell('stderr', line, 'info')
      }
    })
  }

  #tell(kind: ShellMessage['kind'], message: string, level: ShellMessage['level']): void {
    if (!shellChannel.hasSubscribers) return
    const { topology, component } = this.#context
    shellChannel.publish({ topology, component: component.id, kind, level, message })
  }

  #failure(why: string): HeddleError {
    const { command, args } = this.#config
    return new HeddleError(
      'HEDDLE_SHELL_FAILED',
      `'${this.#context.component.id}' (${[command, ...args].join(' ')}): ${why}`,
    )
  }

  #clean(): void {
    void rm(this.#pidDir, { recursive: true, force: true }).then(this.#gone.resolve)
  }

  #end(error: HeddleError): void {
    if (this.#why) return
    this.#why = error
    this.#ready.reject(error)
    // One that was never there does not exit.
    if (this.#child.pid === undefined) this.#clean()
    this.#context.ended(error)
  }
}
