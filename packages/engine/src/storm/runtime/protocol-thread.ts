import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { type Timer, errorMessage, systemClock } from '@heddle/core'
import { Deframer, frame } from '../../multilang/framing.ts'
import {
  type Handshake,
  type SpoutCommand,
  type TupleMessage,
  heartbeatStream,
  logLevels,
} from '../../multilang/messages.ts'
import { json } from './component-context.ts'
import type { CodeData, FromCode, ToCode } from './messages.ts'
import { type ComponentSettings, confNames } from './settings.ts'

/** Largest message that is taken, in characters: far more than a batch may have. */
const maxMessage = 256 * 2 ** 20

/**
 * How long a spout that has nothing to emit lets Storm wait, in milliseconds: as long as Storm waits, it asks for nothing, and
 * delivers no acks either. So it is short while something is under way.
 */
const idleWaitMs = 100
const busyWaitMs = 2

/** How often it is looked whether the code is stuck, in milliseconds. */
const watchMs = 1000

/**
 * The thread of a component that speaks with Storm, over stdin and stdout. It runs no code of the topology, so that Storm gets
 * its answers however busy that is.
 *
 * @param entry The module to start the other thread with.
 */
export function speakWithStorm(entry: URL): void {
  const speaker = new Speaker(entry)
  const deframer = new Deframer(maxMessage)
  process.stdin.on('data', (chunk: Buffer) => {
    try {
      speaker.receive(deframer.push(chunk))
    } catch (error) {
      speaker.end(errorMessage(error))
    }
  })
  // The worker has closed the pipe, or is gone.
  process.stdin.on('end', () => process.exit(0))
  process.stdout.on('error', () => process.exit(0))
}

/** What Storm sends after the handshake. */
type Message = TupleMessage | SpoutCommand | readonly number[]

class Speaker {
  readonly #entry: URL
  #code: Worker | undefined
  #ready = false
  /** What came before the code was ready. */
  #early: ToCode[] = []
  /** Of a spout: what waits until Storm asks, and the answer that it waits for. */
  #waiting = ''
  #asked: Timer | undefined
  #spout = false
  /** Tuples that Storm has neither acked nor failed. */
  #pending = 0
  #heardAt = 0

  constructor(entry: URL) {
    this.#entry = entry
  }

  receive(messages: readonly unknown[]): void {
    const tuples: TupleMessage[] = []
    for (const message of messages as readonly (Handshake | Message)[]) {
      if ('pidDir' in message) this.#begin(message)
      else if ('command' in message) this.#command(message)
      else if ('tuple' in message) {
        if (message.stream === heartbeatStream) this.#write(frame({ command: 'sync' }))
        else if (!message.stream.startsWith('__')) tuples.push(message)
        else this.#write(frame({ command: 'ack', id: message.id }))
      }
    }
    if (tuples.length > 0) this.#tell({ tuples })
  }

  /** Says why, and ends the process: Storm starts its worker again. */
  end(why: string): void {
    process.stdout.write(frame({ command: 'error', msg: why }), () => process.exit(1))
  }

  #begin(handshake: Handshake): void {
    writeFileSync(join(handshake.pidDir, String(process.pid)), '')
    this.#write(frame({ pid: process.pid }))
    const { hangTimeoutMs } = json<ComponentSettings>(handshake.conf, confNames.settings)
    const data: CodeData = { handshake }
    const code = new Worker(this.#entry, { workerData: data, stdout: true, stderr: true })
    this.#code = code
    this.#heardAt = systemClock.now()
    code.on('message', (message: FromCode) => this.#fromCode(message))
    code.on('error', (error) => this.end(error.stack ?? error.message))
    code.on('exit', (exitCode) =>
      this.end(`the code of the topology has ended the process, with code ${exitCode}`),
    )
    this.#forward(code.stdout, 'info')
    this.#forward(code.stderr, 'warn')
    const watch = (): void => {
      const silentMs = systemClock.now() - this.#heardAt
      if (silentMs > hangTimeoutMs) this.end(`the code of the topology did nothing else for ${silentMs} ms`)
      else systemClock.after(watchMs, watch)
    }
    watch()
  }

  /** What the code prints goes to the log of the worker, since stdout belongs to the protocol, and to that of the topology. */
  #forward(output: NodeJS.ReadableStream, level: 'info' | 'warn'): void {
    createInterface({ input: output }).on('line', (line) => {
      this.#write(frame({ command: 'log', msg: line, level: logLevels.indexOf(level) }))
      this.#tell({ printed: { level, line } })
    })
  }

  #command({ command, id }: SpoutCommand): void {
    this.#spout = true
    switch (command) {
      case 'next':
        return this.#next()
      case 'ack':
      case 'fail':
        this.#pending--
        this.#tell(command === 'ack' ? { acked: [String(id)] } : { failed: [String(id)] })
        break
      default:
        this.#tell({ active: command === 'activate' })
    }
    this.#write(frame({ command: 'sync' }))
  }

  /** Storm asks for tuples. When there are none yet the answer waits a little: Storm would ask again at once. */
  #next(): void {
    if (this.#waiting !== '') return this.#answer()
    this.#asked = systemClock.after(this.#pending === 0 ? idleWaitMs : busyWaitMs, () => this.#answer())
  }

  #answer(): void {
    this.#asked?.clear()
    this.#asked = undefined
    this.#write(`${this.#waiting}${frame({ command: 'sync' })}`)
    this.#waiting = ''
  }

  #fromCode(message: FromCode): void {
    this.#heardAt = systemClock.now()
    if ('broken' in message) this.end(message.broken)
    else if ('ready' in message) {
      this.#ready = true
      for (const early of this.#early) this.#code!.postMessage(early)
      this.#early = []
    } else if ('commands' in message) {
      if (!this.#spout) return this.#write(message.commands)
      this.#waiting += message.commands
      this.#pending += message.emits
      if (this.#asked) this.#answer()
    }
  }

  #tell(message: ToCode): void {
    if (this.#ready) this.#code!.postMessage(message)
    else this.#early.push(message)
  }

  #write(text: string): void {
    process.stdout.write(text)
  }
}
