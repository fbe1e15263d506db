/**
 * Selectors: conditions on the headers of a message, SQL-92 as JMS has it, and as ActiveMQ reads it.
 * Sources: https://jakarta.ee/specifications/messaging/3.1/ § 3.8.1; ActiveMQ's SelectorParser.jj.
 *
 * ```
 * selector   = or
 * or         = and *( OR and )
 * and        = equality *( AND equality )
 * equality   = comparison *( ("=" / "<>") comparison / IS [NOT] NULL )
 * comparison = sum *( (">" / ">=" / "<" / "<=") sum
 *                   / [NOT] LIKE string [ESCAPE string] / [NOT] BETWEEN sum AND sum / [NOT] IN "(" string *( "," string ) ")" )
 * sum        = product *( ("+" / "-") product )
 * product    = unary *( ("*" / "/" / "%") unary )
 * unary      = ("+" / "-" / NOT) unary / string / number / TRUE / FALSE / NULL / name / "(" or ")"
 * string     = "'" *( any but "'" / "''" ) "'"
 * number     = 5, 5L, 0x1F, 017 (octal), 5.5, .5, 5E3
 * name       = a letter, _ or $, then those and digits; the case counts, that of words does not
 * comment    = "--" to the end of the line, and between / * and * /
 * ```
 * A condition is true, false or unknown; a message is wanted when it is true. NOT binds more tightly than `=`, unlike in SQL:
 * `NOT (a = 5)` needs its parentheses.
 *
 * @module
 */
import { type Lookup, SelectorParser } from './parser.ts'
import { selectorError } from './tokens.ts'

/** Longest selector, in characters. 8,192: far more than people write; what bounds the work for each message. */
const maxSelectorLength = 8_192

export type Selector = (of: Lookup) => boolean

/**
 * Reads a selector; what it gives answers for one message, throws nothing, and takes a bounded time.
 *
 * @throws HEDDLE_STOMP_SELECTOR_INVALID saying what is wrong, and where.
 * @example
 * const wanted = compileSelector("region = 'eu' AND size > 10")
 * wanted((name) => headers.get(name) ?? null)
 */
export function compileSelector(text: string): Selector {
  if (text.length > maxSelectorLength)
    throw selectorError(text, maxSelectorLength, `it is longer than ${maxSelectorLength} characters`)
  const evaluate = new SelectorParser(text).parse()
  return (of) => evaluate(of) === true
}
