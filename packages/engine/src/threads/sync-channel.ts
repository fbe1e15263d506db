/**
 * Questions that the asking thread waits for: state is read once an event, and bolts cannot await it. The asker sleeps on a
 * shared number until the answer is in the port.
 *
 * @module
 */
import { type MessagePort, MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { HeddleError } from '@heddle/core'
import { type SentError, receiveError, sendError } from './sent-error.ts'

/** One end, to be given to the asking thread. */
export interface AskerEnd {
  readonly port: MessagePort
  /** How many answers were given. */
  readonly answered: SharedArrayBuffer
}

interface Answer {
  readonly value?: unknown
  readonly error?: SentError
}

/** How long an answer may take, in milliseconds: far more than the other thread is ever busy, and not for ever. */
const patienceMs = 30_000

/** Answers with `answer`, on this thread; `close` ends it. */
export function answering(answer: (question: unknown) => unknown): {
  readonly end: AskerEnd
  readonly close: () => void
} {
  const { port1, port2 } = new MessageChannel()
  const answered = new SharedArrayBuffer(4)
  const count = new Int32Array(answered)
  port1.on('message', (question: unknown) => {
    let message: Answer
    try {
      message = { value: answer(question) }
    } catch (error) {
      message = { error: sendError(error) }
    }
    port1.postMessage(message)
    Atomics.add(count, 0, 1)
    Atomics.notify(count, 0)
  })
  port1.unref()
  return { end: { port: port2, answered }, close: () => port1.close() }
}

/** Asks, and waits for the answer without giving anything else a turn. */
export class Asker {
  readonly #port: MessagePort
  readonly #answered: Int32Array

  constructor({ port, answered }: AskerEnd) {
    this.#port = port
    this.#answered = new Int32Array(answered)
    port.unref()
  }

  /** @throws What the other thread threw; HEDDLE_LOG_UNAVAILABLE when it does not answer. */
  ask<T>(question: unknown): T {
    const before = Atomics.load(this.#answered, 0)
    this.#port.postMessage(question)
    const found = Atomics.wait(this.#answered, 0, before, patienceMs)
    const received = receiveMessageOnPort(this.#port)
    if (found === 'timed-out' || received === undefined)
      throw new HeddleError(
        'HEDDLE_LOG_UNAVAILABLE',
        `the thread of the log did not answer within ${patienceMs} ms`,
      )
    const { value, error } = received.message
    if (error) throw receiveError(error)
    return value as T
  }
}
