/**
 * One connection as frames: reads, writes, heart-beats, and how much of either is under way.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '@heddle/core'
import { FrameDecoder } from '../frame/decoder.ts'
import { encodeFrame, heartBeat } from '../frame/encode.ts'
import type { Frame, FrameLimits, Version } from '../frame/frame.ts'

export interface WireHandlers {
  readonly frame: (frame: Frame) => void
  /** The bytes are no frame, or the client was silent for too long. Nothing is read any more. */
  readonly broken: (error: unknown) => void
  /** It is closed. Called once. */
  readonly closed: () => void
}

export class Wire {
  version: Version = '1.0'
  readonly #stream: Duplex
  readonly #decoder: FrameDecoder
  readonly #handlers: WireHandlers
  readonly #clock: Clock
  #lastRead: number
  #lastWritten: number
  #timers: Timer[] = []
  /** Reasons not to read on. */
  #held = 0
  #over = false
  /** The network takes no more for now. */
  #full = false

  constructor(stream: Duplex, limits: FrameLimits, clock: Clock, handlers: WireHandlers) {
    this.#stream = stream
    this.#decoder = new FrameDecoder(limits)
    this.#handlers = handlers
    this.#clock = clock
    this.#lastRead = this.#lastWritten = clock.now()
    stream.on('data', (chunk: Buffer) => this.#read(chunk))
    stream.on('drain', () => this.#drain())
    stream.on('error', () => stream.destroy()) // 'close' follows
    stream.on('end', () => stream.end())
    stream.on('close', () => {
      this.#over = true
      for (const timer of this.#timers) timer.clear()
      handlers.closed()
    })
  }

  use(version: Version): void {
    this.version = version
    this.#decoder.version = version
  }

  send(frame: Frame): void {
    this.#write(encodeFrame(frame, this.version))
  }

  /** Sends all; resolves when the network has taken them, with false when it will not. */
  sendAll(frames: readonly Frame[]): Promise<boolean> {
    const bytes = Buffer.concat(frames.map((frame) => encodeFrame(frame, this.version)))
    return new Promise((resolve) => this.#write(bytes, resolve))
  }

  /** Not read on until `letGo` was called as often: what tells a sender to wait. */
  hold(): void {
    if (this.#held++ === 0) this.#stream.pause()
  }

  letGo(): void {
    if (--this.#held === 0 && !this.#over) this.#stream.resume()
  }

  /** Sends heart-beats, and looks for those of the client. Two intervals of silence end it: one may be on its way. */
  beat(sendMs: number, expectMs: number): void {
    if (sendMs > 0)
      this.#every(Math.ceil(sendMs / 2), () => {
        // Half an interval later it would be late.
        if (this.#clock.now() - this.#lastWritten >= sendMs / 2) this.#write(heartBeat)
      })
    if (expectMs > 0)
      this.#every(expectMs, () => {
        // Held back by this side, it cannot be heard.
        if (this.#held > 0) this.#lastRead = this.#clock.now()
        if (this.#clock.now() - this.#lastRead >= expectMs * 2)
          this.#handlers.broken(new Error(`no heart-beat for ${expectMs * 2} ms`))
      })
  }

  /** Sends what waits, and closes. What the client still sends is not read. */
  end(): void {
    this.#over = true
    this.#stream.end()
    this.#stream.resume()
  }

  destroy(): void {
    this.#stream.destroy()
  }

  #every(ms: number, run: () => void): void {
    const at = this.#timers.length
    const next = (): void => {
      this.#timers[at] = this.#clock.after(ms, () => {
        if (this.#over) return
        next()
        run()
      })
    }
    next()
  }

  #write(bytes: Uint8Array, taken?: (done: boolean) => void): void {
    if (this.#over || this.#stream.destroyed) return taken?.(false)
    this.#lastWritten = this.#clock.now()
    this.#stream.write(bytes, (error) => taken?.(!error))
    // A client that takes nothing in is not listened to either: its receipts would fill memory.
    if (this.#full || !this.#stream.writableNeedDrain) return
    this.#full = true
    this.hold()
  }

  #read(chunk: Buffer): void {
    this.#lastRead = this.#clock.now()
    if (this.#over) return
    try {
      this.#decoder.push(chunk)
      for (let frame = this.#decoder.next(); frame && !this.#over; frame = this.#decoder.next())
        this.#handlers.frame(frame)
    } catch (error) {
      this.#handlers.broken(error)
    }
  }

  #drain(): void {
    if (!this.#full) return
    this.#full = false
    this.letGo()
  }
}
