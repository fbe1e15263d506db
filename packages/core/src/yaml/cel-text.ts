import { type Node, type Scalar, isScalar } from 'yaml'
import { type Compiled, type Wanted, compileIn } from '../cel/compile.ts'
import type { CelScope } from '../cel/environment.ts'
import { isHeddleError } from '../errors.ts'
import { type Reader, rangeOf } from './reader.ts'
import type { Shape } from './shape.ts'
import type { Range } from './source-text.ts'

/** An expression as it stands in a file. */
export interface CelText {
  readonly text: string
  readonly node: Scalar
}

/** An expression. `event.data.total > 100` needs no quotes, and `true` or `5` is one as well. */
export const celText = (what = 'a CEL expression'): Shape<CelText> => {
  const shape: Shape<CelText> = {
    what,
    schema: { type: ['string', 'number', 'boolean'], $comment: 'CEL' },
    takes: (node) => isScalar(node) && node.value !== null,
    read(node, reader) {
      const found = isScalar(node) ? expressionOf(node) : undefined
      if (found !== undefined && found.trim() !== '') return { text: found, node: node as Scalar }
      reader.mistake(node, `this must be ${what}`)
      return undefined
    },
  }
  return shape
}

const expressionOf = (node: Scalar): string | undefined =>
  typeof node.value === 'string' ? node.value : (node.source ?? undefined)

/** Compiles an expression; tells the reader what is wrong with it, at its place in the file. */
export function compileText(
  { text, node }: CelText,
  scope: CelScope,
  wanted: Wanted,
  reader: Reader,
): Compiled | undefined {
  try {
    return compileIn(scope, text, wanted)
  } catch (error) {
    if (!isHeddleError(error)) throw error
    const { reason, start, end } = error.info as { reason: string; start: number; end: number }
    const cut = / got EOF/.test(reason) && endsAtComma(node, reader)
    const hint = cut ? ': in braces or brackets a comma ends it, so put the expression into quotes' : ''
    const quoted = reason.includes('quotes of its own') && node.type?.startsWith('QUOTE') === true
    const more = quoted ? `, inside of those that YAML takes away: "'${text.slice(start, end)}'"` : hint
    reader.mistake(placeIn(node, text, start, end, reader), reason + more)
    return undefined
  }
}

const endsAtComma = (node: Scalar, reader: Reader): boolean =>
  node.type === 'PLAIN' && reader.source.text.slice(rangeOf(node)[1]).trimStart().startsWith(',')

/**
 * Where a part of a scalar's value stands in the file. Quotes, escapes, indentation and folded lines make the two differ, so
 * that the value is looked for letter by letter.
 */
function placeIn(node: Node, value: string, start: number, end: number, reader: Reader): Range {
  const [from, to] = rangeOf(node)
  const { text } = reader.source
  const places: number[] = []
  let at = from
  for (const letter of value) {
    const blank = /\s/.test(letter)
    let next = at
    while (next < to && !(blank ? /\s/.test(text[next]!) : text[next] === letter)) next++
    if (next < to) at = next
    places.push(at)
    if (next < to) at++
  }
  const first = places[start] ?? from
  return [first, Math.max(first + 1, (places[end - 1] ?? first) + 1)]
}
