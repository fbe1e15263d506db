import type { MessagePort, Worker } from 'node:worker_threads'
import { HeddleError } from '@heddle/core'
import { type SentError, receiveError, sendError } from './sent-error.ts'

/**
 * ```
 * call   = { call: id, method, args }     one side asks
 * answer = { answer: id, value | error }  the other answers, once
 * ```
 */
interface Call {
  readonly call: number
  readonly method: string
  readonly args: readonly unknown[]
}
interface Answer {
  readonly answer: number
  readonly value?: unknown
  readonly error?: SentError
}

/** What the other side may call. */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>

type Port = Pick<MessagePort | Worker, 'postMessage' | 'on'>

/** Calls from thread to thread, both ways. Arguments and answers are copied. */
export class Rpc {
  readonly #port: Port
  readonly #methods: Methods
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: unknown) => void }
  >()
  #last = 0
  #closed: Error | undefined

  constructor(port: Port, methods: Methods) {
    this.#port = port
    this.#methods = methods
    port.on('message', (message: Call | Answer) => {
      if ('call' in message) void this.#answer(message)
      else if ('answer' in message) this.#settle(message)
    })
  }

  /** @throws What the other side threw; HEDDLE_ENGINE_STOPPED when it is gone. */
  call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(this.#closed)
      const id = ++this.#last
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#port.postMessage({ call: id, method, args } satisfies Call)
    })
  }

  /** The other side is gone: whoever waits for it, and whoever calls from here on, is told so. */
  close(reason: string): void {
    this.#closed = new HeddleError('HEDDLE_ENGINE_STOPPED', reason)
    for (const { reject } of this.#waiting.values()) reject(this.#closed)
    this.#waiting.clear()
  }

  async #answer({ call, method, args }: Call): Promise<void> {
    let message: Answer
    try {
      const run = this.#methods[method] as ((...given: readonly unknown[]) => unknown) | undefined
      if (!run) throw new TypeError(`there is no method '${method}'`)
      message = { answer: call, value: await run(...args) }
    } catch (error) {
      message = { answer: call, error: sendError(error) }
    }
    if (!this.#closed) this.#port.postMessage(message)
  }

  #settle({ answer, value, error }: Answer): void {
    const waiting = this.#waiting.get(answer)
    this.#waiting.delete(answer)
    if (error) waiting?.reject(receiveError(error))
    else waiting?.resolve(value)
  }
}
