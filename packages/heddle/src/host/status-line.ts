/** What a status line needs of a terminal. */
export type Terminal = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>

/** Back to the first column, and all of the line away. */
const clearLine = '\r\u001b[2K'

/** A line at the bottom of a terminal that changes in place, below the lines that are written meanwhile. */
export class StatusLine {
  readonly #terminal: Terminal
  #text = ''

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Shows a text in place of the former one; an empty one takes the line away. */
  show(text: string): void {
    const { columns } = this.#terminal
    // A terminal may not know how wide it is.
    const fitting = text.slice(0, (columns > 0 ? columns : 80) - 1)
    if (!this.#terminal.isTTY || fitting === this.#text) return
    this.#text = fitting
    this.#terminal.write(`${clearLine}${fitting}`)
  }

  /** Writes a line above it. */
  write(line: string): void {
    this.#terminal.write(this.#text === '' ? `${line}\n` : `${clearLine}${line}\n${this.#text}`)
  }
}

/** The line of this process's terminal, where stderr is one. */
export const statusLine = new StatusLine(process.stderr)
