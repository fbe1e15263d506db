/**
 * Writes a stream no faster than its reader takes it, and gives up on one that has stopped.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'
import type { Clock } from '@heddle/core'

/** Why a stream ended: the reader went away, or took nothing for too long. */
export type StreamEnd = 'gone' | 'stalled'

export class StreamWriter {
  readonly #response: ServerResponse
  readonly #clock: Clock
  readonly #stallMs: number
  readonly #closed = new AbortController()
  #end: StreamEnd | undefined

  constructor(response: ServerResponse, clock: Clock, stallMs: number) {
    this.#response = response
    this.#clock = clock
    this.#stallMs = stallMs
    response.on('close', () => this.#stop('gone'))
    // A reset connection; 'close' follows.
    response.on('error', () => this.#stop('gone'))
  }

  /** Aborted when there is nobody to write to any more. */
  get signal(): AbortSignal {
    return this.#closed.signal
  }

  get end(): StreamEnd | undefined {
    return this.#end
  }

  /** Writes, and resolves when the reader can take more; at once when it has gone. One call at a time. */
  write(text: string): Promise<void> | undefined {
    if (this.#end !== undefined || this.#response.write(text)) return undefined
    return new Promise((resolve) => {
      const done = (): void => {
        timer.clear()
        this.#response.off('drain', done)
        this.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = this.#clock.after(this.#stallMs, () => this.#stop('stalled'))
      this.#response.on('drain', done)
      this.signal.addEventListener('abort', done)
    })
  }

  /** Writes the last words and ends; a reader that does not take them in `stallMs` is cut off. */
  finish(text: string, hangUp: boolean): void {
    if (this.#response.destroyed) return
    const timer = this.#clock.after(this.#stallMs, () => this.#response.destroy())
    this.#response.on('close', () => timer.clear())
    const { socket } = this.#response
    this.#response.end(text, () => {
      // A reader that is sent away must come back on a new connection: this one leads to a gateway that is going.
      if (hangUp) socket?.end()
    })
  }

  #stop(why: StreamEnd): void {
    this.#end ??= why
    this.#closed.abort()
  }
}
