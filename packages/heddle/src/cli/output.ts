import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Text in a style, where stdout is a terminal that shows it. */
export const style = (format: Style, text: string): string =>
  styleText(format, text, { stream: process.stdout })

/** One line on stdout. */
export const print = (line = ''): void => {
  process.stdout.write(`${line}\n`)
}

/** A value as JSON on stdout: on one line, since programs read it. */
export const printJson = (value: unknown): void => print(JSON.stringify(value))

/** Rows under a heading, in columns. Numbers stand at the right. */
export function printTable(
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column] ?? '').length)),
  )
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, column) =>
        typeof cell === 'number' ? String(cell).padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd()
  print(style('dim', line(heading)))
  for (const row of rows) print(line(row))
}
