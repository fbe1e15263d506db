import type { Mistake } from '@heddle/core'

/** Where the values of a Flux file come from. */
export interface Substitutes {
  /** For `${name}`, and `${name[0]}` of a value that is a list, `["a", "b"]`. */
  readonly properties: ReadonlyMap<string, string>
  /** For `${ENV-NAME}`. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * The text with values in the place of `${…}`, before it is read as YAML: so that a value may be a number. Comments are left alone.
 *
 * @returns Also a mistake for each one that there is no value for, with its place.
 */
export function substitute(
  text: string,
  file: string,
  { properties, env }: Substitutes,
): { readonly text: string; readonly mistakes: readonly Mistake[] } {
  const mistakes: Mistake[] = []
  const lines = text.split('\n').map((line, at) => {
    if (/^\s*#/.test(line)) return line
    return line.replaceAll(/\$\{([^}]+)\}/g, (whole, name: string, column: number) => {
      const value = valueOf(name)
      if (value !== undefined) return value
      const where = name.startsWith('ENV-')
        ? `there is no environment variable ${name.slice(4)}`
        : `there is no property '${name}': name the file that has it with --filter`
      mistakes.push({
        message: where,
        place: `${file}:${at + 1}:${column + 1}`,
        excerpt: `${line}\n${' '.repeat(column)}${'^'.repeat(whole.length)}`,
      })
      return whole
    })
  })
  return { text: lines.join('\n'), mistakes }

  function valueOf(name: string): string | undefined {
    if (name.startsWith('ENV-')) return env[name.slice('ENV-'.length)]
    const [, list, index] = /^(.+)\[(\d+)\]$/.exec(name) ?? []
    if (list === undefined) return properties.get(name)
    return itemOf(properties.get(list), Number(index))
  }
}

/** An item of a list of texts. */
function itemOf(list: string | undefined, index: number): string | undefined {
  const items = list
    ?.trim()
    .replaceAll(/^\[|\]$/g, '')
    .split(',')
  return items?.[index]?.trim().replaceAll(/^"|"$/g, '')
}
