import type { Figure } from './figure.ts'

/** 438123 → '438k', 0.0213 → '0.0213': three digits, and a letter for thousands. */
export function short(value: number): string {
  const abs = Math.abs(value)
  if (abs >= 1e9) return `${digits(value / 1e9)}G`
  if (abs >= 1e6) return `${digits(value / 1e6)}M`
  if (abs >= 1e4) return `${digits(value / 1e3)}k`
  return digits(value)
}

function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}

/** The figures as a table, both sides beside each other, and under each what it was measured with. */
export function table(figures: readonly Figure[], machine: Figure['conditions']): string {
  const rows = figures.map((f) => [
    f.holds ? '✓' : '✗',
    f.figure,
    `${short(f.ours)} ${f.unit}`,
    `${short(f.reference)} ${f.unit}`,
    short(f.ratio),
    String(f.conditions['wanted']),
  ])
  const head = ['', 'figure', 'ours', 'reference', 'ratio', 'wanted']
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column > 1 && column < 5 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()

  const body = figures.flatMap((figure, index) => {
    const own = Object.entries(figure.conditions).filter(([key]) => key !== 'wanted' && !(key in machine))
    return [line(rows[index] ?? []), ...(own.length > 0 ? [`   ${words(Object.fromEntries(own))}`] : [])]
  })
  return [line(head), ...body, '', words(machine)].join('\n')
}

function words(conditions: Figure['conditions']): string {
  return Object.entries(conditions)
    .map(([key, value]) => `${key}: ${typeof value === 'number' ? short(value) : value}`)
    .join(' · ')
}
