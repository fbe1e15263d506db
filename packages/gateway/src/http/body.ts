/**
 * Takes in a request body as one buffer: bounded in size, in time, and over all requests together.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { type Clock, HeddleError, type Timer } from '@heddle/core'
import type { Load } from './context.ts'
import type { HttpLimits } from './options.ts'

export type BodyDone = (error: Error | null, body?: Buffer) => void

export class BodyReader {
  readonly #limits: HttpLimits
  readonly #load: Load
  readonly #clock: Clock
  // Bodies that did not come at once, by when they have to be there. In the order of their arrival, as all have the same time.
  readonly #slow = new Map<IncomingMessage, number>()
  #timer: Timer | undefined

  constructor(limits: HttpLimits, load: Load, clock: Clock) {
    this.#limits = limits
    this.#load = load
    this.#clock = clock
  }

  /** Calls `done` once: with the whole body, or with HEDDLE_HTTP_BODY_TOO_LARGE, _UNAVAILABLE or _TIMEOUT. */
  read(request: IncomingMessage, done: BodyDone): void {
    const { maxBodyBytes, maxPendingBytes } = this.#limits
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced > maxBodyBytes) return done(tooLarge(maxBodyBytes))
    if (this.#load.bytes + announced > maxPendingBytes) return done(overloaded())
    let chunks: Buffer[] | undefined
    let only: Buffer | undefined
    let length = 0
    const finish = (error: Error | null, body?: Buffer): void => {
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      this.#slow.delete(request)
      this.#load.bytes -= length
      done(error, body)
    }
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      this.#load.bytes += chunk.length
      if (length > maxBodyBytes) return finish(tooLarge(maxBodyBytes))
      if (this.#load.bytes > maxPendingBytes) return finish(overloaded())
      if (only === undefined) only = chunk
      else (chunks ??= [only]).push(chunk)
      if (length !== announced && !this.#slow.has(request)) this.#watch(request)
    }
    const onEnd = (): void => finish(null, chunks ? Buffer.concat(chunks, length) : only)
    const onError = (error: Error): void =>
      finish(
        timedOut(error)
          ? error
          : new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'the body broke off', { cause: error }),
      )
    const onClose = (): void => finish(new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'the body broke off'))
    request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  }

  #watch(request: IncomingMessage): void {
    this.#slow.set(request, this.#clock.now() + this.#limits.bodyTimeoutMs)
    this.#sweep()
  }

  /** Gives up its timer; bodies that are under way have no limit of time any more. */
  close(): void {
    this.#timer?.clear()
  }

  // One timer for all, and only while there are any.
  #sweep(): void {
    if (this.#timer) return
    const next = this.#slow.values().next()
    if (next.done) return
    this.#timer = this.#clock.after(Math.max(0, next.value - this.#clock.now()), () => {
      this.#timer = undefined
      const now = this.#clock.now()
      for (const [request, until] of this.#slow) {
        if (until > now) break
        request.emit(
          'error',
          new HeddleError(
            'HEDDLE_HTTP_TIMEOUT',
            `the body was not there after ${this.#limits.bodyTimeoutMs} ms`,
          ),
        )
      }
      this.#sweep()
    })
  }
}

const timedOut = (error: Error): boolean => error instanceof HeddleError

const tooLarge = (max: number): HeddleError =>
  new HeddleError('HEDDLE_HTTP_BODY_TOO_LARGE', `at most ${max} bytes are taken in one body`, {
    info: { maxBodyBytes: max },
  })

const overloaded = (): HeddleError =>
  new HeddleError('HEDDLE_HTTP_UNAVAILABLE', 'too many bytes are under way (maxPendingBytes)', {
    info: { retryAfterMs: 1_000 },
  })
