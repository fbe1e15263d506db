import { HeddleError } from '@heddle/core'

const end = '\nend\n'

/** A message as it goes over the pipe. */
export const frame = (message: unknown): string => `${JSON.stringify(message)}${end}`

/** How much of what a program wrote is shown in an error. */
const shown = 200

/** Takes messages out of what a program writes, however it is cut. */
export class Deframer {
  readonly #maxBytes: number
  readonly #decoder = new TextDecoder()
  #text = ''
  /** How far `#text` has been looked through for an end. */
  #looked = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * The messages that are complete now.
   * @throws HEDDLE_SHELL_FAILED for what is no message, with its first line; nothing more can be read then.
   */
  push(chunk: Uint8Array): readonly unknown[] {
    this.#text += this.#decoder.decode(chunk, { stream: true })
    const messages: unknown[] = []
    for (;;) {
      const at = this.#text.indexOf(end, this.#looked)
      if (at < 0) break
      messages.push(parse(this.#text.slice(0, at)))
      this.#text = this.#text.slice(at + end.length)
      this.#looked = 0
    }
    this.#looked = Math.max(0, this.#text.length - end.length)
    if (this.#text.length > this.#maxBytes)
      throw new HeddleError(
        'HEDDLE_SHELL_FAILED',
        `a message has more than ${this.#maxBytes} bytes; it begins with ${JSON.stringify(this.#text.slice(0, shown))}`,
      )
    return messages
  }
}

function parse(text: string): unknown {
  try {
    const message: unknown = JSON.parse(text)
    if (typeof message === 'object' && message !== null) return message
  } catch {
    // Told below, with what it was.
  }
  const line = text.split('\n').find((each) => each.trim() !== '' && !each.startsWith('{')) ?? text
  throw new HeddleError(
    'HEDDLE_SHELL_FAILED',
    `it wrote ${JSON.stringify(line.slice(0, shown))} to stdout, which is no message; write to stderr, or use its log command`,
  )
}
