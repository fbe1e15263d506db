import type { Values } from '@heddle/core'

/** Canonical text of the values of these fields: equal values give equal texts. */
export function keyText(values: Values, fields: readonly string[]): string {
  if (fields.length === 1) return valueText(values[fields[0]!])
  let text = ''
  for (const field of fields) text += `${valueText(values[field])}\u0000`
  return text
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null) return JSON.stringify(sorted(value))
  return String(value)
}

/** Objects with their names in order, so that they are equal whichever way they were made. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  if ('toJSON' in value && typeof value.toJSON === 'function') return value
  const names = Object.keys(value).sort()
  return Object.fromEntries(names.map((name) => [name, sorted((value as Values)[name])]))
}
