const NEWLINE = 0x0a

/** Cuts chunks of bytes into lines, without line ends; holds at most one line, and of one that is too long nothing. */
export class LineSplitter {
  readonly #maxBytes: number
  #rest: Buffer[] = []
  #length = 0

  /** @param maxBytes Longest line. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Calls `line` with every line that ends in `chunk`; with `undefined` for one that is too long. */
  push(chunk: Buffer, line: (bytes: Buffer | undefined) => void): void {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#add(chunk.subarray(start, end))
      start = end + 1
      line(this.#take())
    }
    this.#add(chunk.subarray(start))
  }

  /** The last line, when it did not end in a line break. */
  end(line: (bytes: Buffer | undefined) => void): void {
    if (this.#length > 0) line(this.#take())
  }

  #add(part: Buffer): void {
    if (part.length === 0) return
    this.#length += part.length
    if (this.#length > this.#maxBytes) this.#rest = []
    else this.#rest.push(part)
  }

  #take(): Buffer | undefined {
    const tooLong = this.#length > this.#maxBytes
    const bytes = this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest)
    this.#rest = []
    this.#length = 0
    return tooLong ? undefined : bytes
  }
}
