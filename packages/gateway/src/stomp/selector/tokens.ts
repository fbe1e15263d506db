/**
 * The words of a selector; see selector.ts for the grammar.
 *
 * @module
 */
import { HeddleError } from '@heddle/core'

export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'integer' | 'double' | 'sign' | 'end'
  /** A reserved word in capitals, the text of a string without its quotes, and otherwise as written. */
  readonly text: string
  /** Where it begins. */
  readonly at: number
}

const reserved: ReadonlySet<string> = new Set(
  'NOT AND OR BETWEEN LIKE ESCAPE IN IS TRUE FALSE NULL XPATH XQUERY'.split(' '),
)

// Each part is tried where the last one ended, and none can match in two ways: the time is linear.
const grammar =
  /[ \t\n\r\f]+|--[^\n\r]*|\/\*(?:[^*]|\*(?!\/))*\*\/|(?<name>[A-Za-z_$][\w$]*)|(?<string>'(?:[^']|'')*')|(?<double>(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)|(?<integer>0[xX][\da-fA-F]+|\d+[lL]?)|(?<sign><>|>=|<=|[-=<>+*/%(),])/y

/** @throws HEDDLE_STOMP_SELECTOR_INVALID */
export function tokensOf(selector: string): Token[] {
  const tokens: Token[] = []
  const matcher = new RegExp(grammar)
  let at = 0
  while (at < selector.length) {
    matcher.lastIndex = at
    const match = matcher.exec(selector)
    if (!match) throw selectorError(selector, at, 'this is not part of any selector')
    const { double, integer, name, sign, string } = match.groups!
    if (name !== undefined) {
      const word = name.toUpperCase()
      tokens.push(reserved.has(word) ? { kind: 'word', text: word, at } : { kind: 'name', text: name, at })
    } else if (string !== undefined)
      tokens.push({ kind: 'string', text: string.slice(1, -1).replaceAll("''", "'"), at })
    else if (double !== undefined) tokens.push({ kind: 'double', text: double, at })
    else if (integer !== undefined) tokens.push({ kind: 'integer', text: integer, at })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at })
    at = matcher.lastIndex
  }
  tokens.push({ kind: 'end', text: 'the end', at })
  return tokens
}

/** Says what is wrong, and where. */
export function selectorError(selector: string, at: number, why: string): HeddleError {
  const shown = selector.length <= 200 ? selector : `${selector.slice(0, 200)}…`
  return new HeddleError(
    'HEDDLE_STOMP_SELECTOR_INVALID',
    `${why}, at character ${at + 1} of ${JSON.stringify(shown)}`,
    {
      info: { at },
    },
  )
}
