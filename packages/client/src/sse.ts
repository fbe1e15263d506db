/**
 * Reads Server-Sent Events. https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 *
 * ```
 * stream  = [ BOM ] *( block )
 * block   = *( ( ":" comment / name [ ":" [ SP ] value ] ) end ) end
 * end     = CRLF / LF / CR
 * ```
 *
 * @module
 */

/** A block. `id` is the last one seen, as the specification has it; `data` is absent when the block had none. */
export interface SseMessage {
  readonly event: string
  readonly data: string | undefined
  readonly id: string
}

/** Puts blocks together from text that comes in any pieces. */
export class SseParser {
  /** What `retry:` said last, in milliseconds. */
  retryMs: number | undefined
  #rest = ''
  #begun = false
  #data: string[] = []
  #event = ''
  #id = ''
  #any = false;

  /** The blocks that end in this piece. */
  *push(text: string): Generator<SseMessage> {
    if (!this.#begun && text !== '') {
      this.#begun = true
      if (text.startsWith('\uFEFF')) text = text.slice(1)
    }
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    // A CR at the very end may be half of a CRLF: it stays with the rest until more is there.
    this.#rest = lines.pop()!
    for (const line of lines) {
      if (line !== '') this.#line(line)
      else if (this.#any) yield this.#take()
    }
  }

  #line(line: string): void {
    const colon = line.indexOf(':')
    if (colon === 0) return
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'data') this.#data.push(value)
    else if (name === 'event') this.#event = value
    else if (name === 'id' && !value.includes('\0')) this.#id = value
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value)
    else return
    this.#any = true
  }

  #take(): SseMessage {
    const message = {
      event: this.#event === '' ? 'message' : this.#event,
      data: this.#data.length === 0 ? undefined : this.#data.join('\n'),
      id: this.#id,
    }
    this.#data = []
    this.#event = ''
    this.#any = false
    return message
  }
}
