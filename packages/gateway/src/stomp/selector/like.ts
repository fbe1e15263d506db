/** Steps that one comparison may take: 1,000,000, some milliseconds. More is only needed by patterns that mean harm. */
const maxSteps = 1_000_000

/**
 * A matcher for `LIKE pattern ESCAPE escape`: `%` is any text, `_` one character. Not by a regular expression, whose time can
 * explode; the text between two `%` is looked for from left to right, and the first place is as good as any.
 *
 * @returns `undefined` where it would take too long.
 */
export function likeMatcher(
  pattern: string,
  escape: string | undefined,
): (text: string) => boolean | undefined {
  const parts = partsOf(pattern, escape)
  return (text) => {
    // One character may be two units; most texts have none of those.
    const units: readonly string[] | string = /[\ud800-\udfff]/.test(text) ? Array.from(text) : text
    let steps = 0
    const fits = (part: readonly (string | undefined)[], at: number): boolean => {
      let i = 0
      while (i < part.length && (part[i] === undefined || part[i] === units[at + i])) i++
      steps += i + 1
      return i === part.length
    }
    const first = parts[0]!
    if (parts.length === 1) return units.length === first.length && fits(first, 0)
    const last = parts.at(-1)!
    if (units.length < first.length + last.length || !fits(first, 0)) return false
    const end = units.length - last.length
    if (!fits(last, end)) return false
    let at = first.length
    for (const part of parts.slice(1, -1)) {
      while (at + part.length <= end && !fits(part, at)) {
        at++
        if (steps > maxSteps) return undefined
      }
      if (at + part.length > end) return false
      at += part.length
    }
    return true
  }
}

/** The characters between the `%`; `undefined` stands for any one. */
function partsOf(pattern: string, escape: string | undefined): (string | undefined)[][] {
  const parts: (string | undefined)[][] = [[]]
  const characters = Array.from(pattern)
  for (let at = 0; at < characters.length; at++) {
    const one = characters[at]!
    const next = characters[at + 1]
    // As in ActiveMQ, it escapes only what means something.
    if (one === escape && (next === '%' || next === '_' || next === escape)) {
      parts.at(-1)!.push(next)
      at++
    } else if (one === '%') parts.push([])
    else parts.at(-1)!.push(one === '_' ? undefined : one)
  }
  return parts
}
