/**
 * Reads frames from a stream of bytes, cut anywhere. See frame.ts for the grammar.
 *
 * What a chunk holds whole is read in place, and its body shares the chunk's memory. A frame that is cut is gathered in memory
 * that grows by doubling: a byte is copied a few times at most, however small the chunks are, and looked at once.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { HeddleError } from '@heddle/core'
import { unescapeHeader } from './escape.ts'
import { type Frame, type FrameLimits, type Version, defaultFrameLimits, noBody } from './frame.ts'

const LF = 10
const CR = 13

interface Head {
  readonly command: string
  readonly headers: Map<string, string>
  /** Bytes of the body; `undefined` when it goes on to the next NUL. */
  readonly length: number | undefined
}

/** A decoder that has thrown is of no use any more: nobody knows where the next frame begins. */
export class FrameDecoder {
  /** How escapes are read from the next frame on: the version that was negotiated. */
  version: Version = '1.0'
  readonly #limits: FrameLimits
  #bytes: Buffer = Buffer.alloc(0)
  /** Where what was not read yet begins, and ends. */
  #at = 0
  #end = 0
  /** Up to here the end of the head, or of the body, was looked for in vain. */
  #looked = 0
  /** Where the line of the head that is looked through begins. */
  #line = 0
  /** The memory is this decoder's own, and can be written on behind `#end`. */
  #own = false
  #head: Head | undefined

  constructor(limits: Partial<FrameLimits> = {}) {
    this.#limits = { ...defaultFrameLimits, ...limits }
  }

  /** Bytes that are held of a frame that is not whole yet. */
  get pending(): number {
    return this.#end - this.#at
  }

  /** True when the stream may end here. */
  get between(): boolean {
    return this.#head === undefined && this.pending === 0
  }

  /** Takes in the next bytes; `next` gives what they hold. */
  push(chunk: Uint8Array): void {
    if (this.pending === 0) {
      this.#bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      this.#at = this.#looked = this.#line = 0
      this.#end = chunk.length
      this.#own = false
      return
    }
    const size = this.pending + chunk.length
    // Written only behind the end, never over what a body may still share.
    if (!this.#own || this.#bytes.length - this.#end < chunk.length) {
      const known = this.#head?.length
      // +1 for the NUL. A length that was announced is not believed before its first half has come.
      const room = known !== undefined && size * 2 > known ? Math.max(size, known + 1) : size * 2
      const grown = Buffer.allocUnsafeSlow(room)
      this.#bytes.copy(grown, 0, this.#at, this.#end)
      this.#looked -= this.#at
      this.#line -= this.#at
      this.#end -= this.#at
      this.#at = 0
      this.#bytes = grown
      this.#own = true
    }
    this.#bytes.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /**
   * The next whole frame, or `undefined` until more is pushed.
   * @throws HEDDLE_STOMP_FRAME_INVALID, HEDDLE_STOMP_FRAME_TOO_LARGE
   */
  next(): Frame | undefined {
    this.#head ??= this.#readHead()
    const head = this.#head
    if (!head) return undefined
    const body = head.length === undefined ? this.#bodyToNul() : this.#bodyOf(head, head.length)
    if (!body) return undefined
    this.#head = undefined
    this.#looked = this.#at
    return { command: head.command, headers: head.headers, body }
  }

  #readHead(): Head | undefined {
    const { maxHeadBytes } = this.#limits
    if (this.#looked === this.#at) {
      while (this.#at < this.#end && isEol(this.#bytes[this.#at]!)) this.#at++
      this.#looked = this.#line = this.#at
    }
    for (;;) {
      const lineEnd = this.#find(LF)
      if ((lineEnd === -1 ? this.#end : lineEnd) - this.#at > maxHeadBytes)
        throw tooLarge(`the command and headers take more than ${maxHeadBytes} bytes (maxHeadBytes)`)
      if (lineEnd === -1) {
        this.#looked = this.#end
        return undefined
      }
      const start = this.#line
      const empty = lineEnd === start || (lineEnd === start + 1 && this.#bytes[start] === CR)
      this.#looked = this.#line = lineEnd + 1
      // A line that is empty ends the head.
      if (!empty) continue
      const head = this.#parseHead(this.#bytes.subarray(this.#at, start))
      this.#at = this.#looked
      return head
    }
  }

  #parseHead(bytes: Buffer): Head {
    if (!isUtf8(bytes)) throw invalid('the command or a header is not UTF-8')
    const lines = bytes.toString('utf8').split('\n')
    lines.pop() // after the last line end
    const command = lines[0]!.trim()
    if (!/^[A-Z]{1,20}$/.test(command))
      throw invalid(`there is no command ${JSON.stringify(command.slice(0, 40))}`)
    const { maxHeaders } = this.#limits
    if (lines.length - 1 > maxHeaders)
      throw tooLarge(`there are more than ${maxHeaders} headers (maxHeaders)`)
    // What a peer sends before it knows the version.
    const version =
      command === 'CONNECT' || command === 'STOMP' || command === 'CONNECTED' ? '1.0' : this.version
    const headers = new Map<string, string>()
    for (let at = 1; at < lines.length; at++) {
      const line = trimCr(lines[at]!)
      const colon = line.indexOf(':')
      if (colon < 1)
        throw invalid(`a header is name:value, and this is ${JSON.stringify(line.slice(0, 100))}`)
      const name = unescapeHeader(line.slice(0, colon), version)
      const value = unescapeHeader(line.slice(colon + 1), version)
      if (!headers.has(name)) headers.set(name, version === '1.0' ? value.trim() : value)
    }
    return { command, headers, length: this.#lengthOf(headers.get('content-length')) }
  }

  #lengthOf(text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    if (!/^\d{1,15}$/.test(text.trim()))
      throw invalid(`content-length is a number of bytes, and is ${JSON.stringify(text.slice(0, 40))}`)
    const length = Number(text)
    this.#checkBody(length)
    return length
  }

  #bodyOf({ command }: Head, length: number): Uint8Array | undefined {
    if (this.pending < length + 1) return undefined
    const end = this.#at + length
    if (this.#bytes[end] !== 0)
      throw invalid(`content-length of the ${command} is ${length}, and no NUL follows that many bytes`)
    return this.#take(end)
  }

  #bodyToNul(): Uint8Array | undefined {
    const end = this.#find(0)
    this.#checkBody((end === -1 ? this.#end : end) - this.#at)
    if (end !== -1) return this.#take(end)
    this.#looked = this.#end
    return undefined
  }

  /** The body, which ends before `end`; a NUL stands there. */
  #take(end: number): Uint8Array {
    const body = end === this.#at ? noBody : this.#bytes.subarray(this.#at, end)
    this.#at = end + 1
    return body
  }

  #checkBody(length: number): void {
    const { maxFrameBodyBytes } = this.#limits
    if (length > maxFrameBodyBytes)
      throw tooLarge(`the body takes more than ${maxFrameBodyBytes} bytes (maxFrameBodyBytes)`)
  }

  /** Where `byte` next stands among what was not looked at, or -1. */
  #find(byte: number): number {
    const found = this.#bytes.subarray(this.#looked, this.#end).indexOf(byte)
    return found === -1 ? -1 : this.#looked + found
  }
}

const isEol = (byte: number): boolean => byte === LF || byte === CR
const trimCr = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line)
const invalid = (detail: string): HeddleError => new HeddleError('HEDDLE_STOMP_FRAME_INVALID', detail)
const tooLarge = (detail: string): HeddleError => new HeddleError('HEDDLE_STOMP_FRAME_TOO_LARGE', detail)
