/** A text with its file's name: where an offset is, and what stands there. */
export class SourceText {
  readonly file: string
  readonly text: string
  readonly #lines: readonly string[]

  constructor(file: string, text: string) {
    this.file = file
    this.text = text
    this.#lines = text.split(/\r?\n/)
  }

  /** Line and column, both from 1. */
  position(offset: number): { readonly line: number; readonly column: number } {
    const before = this.text.slice(0, offset)
    const line = before.split('\n').length
    return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 }
  }

  /** `routes.yaml:3:9` */
  place(offset: number): string {
    const { line, column } = this.position(offset)
    return `${this.file}:${line}:${column}`
  }

  /** The line, and below it carets under what is meant; long lines are cut around it. */
  excerpt([start, end]: Range): string {
    const { line, column } = this.position(start)
    const whole = (this.#lines[line - 1] ?? '').replaceAll('\t', ' ')
    const from = Math.max(0, Math.min(column - 1 - 40, whole.length - excerptWidth))
    const shown = whole.slice(from, from + excerptWidth)
    const width = Math.max(1, Math.min(end - start, shown.trimEnd().length - (column - 1 - from)))
    return `${shown}\n${' '.repeat(column - 1 - from)}${'^'.repeat(width)}`
  }
}

/** Offsets in the text: from, and to but without. */
export type Range = readonly [start: number, end: number]

const excerptWidth = 100
