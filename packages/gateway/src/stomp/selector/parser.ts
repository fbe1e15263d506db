/**
 * Reads a selector into functions; see selector.ts for the grammar.
 *
 * @module
 */
import { likeMatcher } from './like.ts'
import { type Token, selectorError, tokensOf } from './tokens.ts'
import { type Value, calculate, compare, negate } from './value.ts'

/** The value of a header or property by its name; `null` when it is not there. */
export type Lookup = (name: string) => Value

type Evaluate = (of: Lookup) => Value

interface Expression {
  /** What it can stand for; a `name` may be true or false. */
  readonly kind: 'logical' | 'name' | 'constant' | 'other'
  /** Of a constant. */
  readonly value?: Value
  readonly evaluate: Evaluate
}

/** Parentheses, NOT and signs within each other. 100: the reader calls itself, and its stack ends somewhere. */
const maxDepth = 100

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
}

const other = (evaluate: Evaluate): Expression => ({ kind: 'other', evaluate })
const logical = (evaluate: Evaluate): Expression => ({ kind: 'logical', evaluate })
const not =
  (evaluate: Evaluate): Evaluate =>
  (of) => {
    const value = evaluate(of)
    return value === null ? null : value !== true
  }

export class SelectorParser {
  readonly #selector: string
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(selector: string) {
    this.#selector = selector
    this.#tokens = tokensOf(selector)
  }

  /** @throws HEDDLE_STOMP_SELECTOR_INVALID */
  parse(): Evaluate {
    const all = this.#condition(this.#or())
    if (this.#token.kind !== 'end') throw this.#unexpected('the end, or an operator')
    return all
  }

  #or(): Expression {
    return this.#chain('OR', () => this.#and(), true)
  }

  #and(): Expression {
    return this.#chain('AND', () => this.#equality(), false)
  }

  /** One operand, or several joined by the word; `decides` is the value that settles it. */
  #chain(word: string, operand: () => Expression, decides: boolean): Expression {
    const first = operand()
    if (!this.#isWord(word)) return first
    const all = [this.#condition(first)]
    while (this.#takeWord(word)) all.push(this.#condition(operand()))
    return logical((of) => {
      let unknown = false
      for (const one of all) {
        const value = one(of)
        if (value === decides) return decides
        if (value === null) unknown = true
      }
      return unknown ? null : !decides
    })
  }

  #equality(): Expression {
    let left = this.#comparison()
    for (;;) {
      if (this.#isSign('=') || this.#isSign('<>')) {
        const { at, text } = this.#take()
        const right = this.#comparison()
        for (const one of [left, right])
          if (one.kind === 'constant' && one.value === null)
            throw this.#error(at, 'NULL is compared with IS NULL')
        if (typeof left.value === 'boolean' && right.kind === 'constant' && typeof right.value !== 'boolean')
          throw this.#error(at, 'TRUE and FALSE are compared with other values')
        const equal = equals(left.evaluate, right.evaluate)
        left = logical(text === '=' ? equal : not(equal))
      } else if (this.#takeWord('IS')) {
        const negated = this.#takeWord('NOT')
        if (!this.#takeWord('NULL')) throw this.#unexpected('NULL')
        const { evaluate } = left
        left = logical((of) => (evaluate(of) === null) !== negated)
      } else return left
    }
  }

  #comparison(): Expression {
    let left = this.#sum()
    for (;;) {
      const sign = this.#token
      const holds = sign.kind === 'sign' ? comparisons[sign.text] : undefined
      if (holds) {
        this.#next++
        left = this.#ordered(left, this.#sum(), holds, sign.at)
        continue
      }
      const negated = this.#isWord('NOT')
      if (negated) this.#next++
      let found: Expression | undefined
      if (this.#takeWord('LIKE')) found = this.#like(left)
      else if (this.#takeWord('BETWEEN')) {
        if (negated) {
          // Written out, as in ActiveMQ: below one bound is outside, also when the other bound is unknown.
          const { at } = this.#token
          const [low, high] = this.#bounds()
          const below = this.#ordered(left, low, comparisons['<']!, at).evaluate
          const above = this.#ordered(left, high, comparisons['>']!, at).evaluate
          left = logical(either(below, above))
          continue
        }
        found = this.#between(left)
      } else if (this.#takeWord('IN')) {
        left = this.#in(left, negated)
        continue
      }
      if (!found) {
        if (negated) throw this.#unexpected('LIKE, BETWEEN or IN')
        return left
      }
      left = negated ? logical(not(found.evaluate)) : found
    }
  }

  #ordered(left: Expression, right: Expression, holds: (order: number) => boolean, at: number): Expression {
    for (const one of [left, right]) {
      const isNumber = typeof one.value === 'bigint' || typeof one.value === 'number'
      if (one.kind === 'logical' || (one.kind === 'constant' && !isNumber))
        throw this.#error(at, 'only numbers are greater or less than others')
    }
    return logical((of) => {
      const a = left.evaluate(of)
      if (a === null) return null
      const b = right.evaluate(of)
      if (b === null) return null
      const order = compare(a, b)
      return order !== undefined && holds(order)
    })
  }

  #bounds(): readonly [Expression, Expression] {
    const low = this.#sum()
    if (!this.#takeWord('AND')) throw this.#unexpected('AND')
    return [low, this.#sum()]
  }

  #between(left: Expression): Expression {
    const { at } = this.#token
    const [low, high] = this.#bounds()
    const from = this.#ordered(left, low, comparisons['>=']!, at).evaluate
    const to = this.#ordered(left, high, comparisons['<=']!, at).evaluate
    return logical(not(either(not(from), not(to))))
  }

  #like({ evaluate }: Expression): Expression {
    const pattern = this.#string()
    let escape: string | undefined
    if (this.#takeWord('ESCAPE')) {
      const { at } = this.#token
      escape = this.#string()
      if (Array.from(escape).length !== 1) throw this.#error(at, 'ESCAPE is one character')
    }
    const matches = likeMatcher(pattern, escape)
    return logical((of) => {
      const value = evaluate(of)
      if (value === null) return null
      return typeof value === 'string' ? (matches(value) ?? null) : false
    })
  }

  #in({ evaluate, kind }: Expression, negated: boolean): Expression {
    if (kind !== 'name') throw this.#error(this.#token.at, 'IN follows a name')
    const values = new Set<string>()
    if (!this.#takeSign('(')) throw this.#unexpected('(')
    do values.add(this.#string())
    while (this.#takeSign(','))
    if (!this.#takeSign(')')) throw this.#unexpected(', or )')
    return logical((of) => {
      const value = evaluate(of)
      return typeof value === 'string' ? values.has(value) !== negated : null
    })
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#product())
  }

  #product(): Expression {
    return this.#binary(['*', '/', '%'], () => this.#unary())
  }

  #binary(signs: readonly string[], operand: () => Expression): Expression {
    let left = operand()
    while (this.#token.kind === 'sign' && signs.includes(this.#token.text)) {
      const { text } = this.#take()
      const a = left.evaluate
      const b = operand().evaluate
      left = other((of) => calculate(text, a(of), b(of)))
    }
    return left
  }

  #unary(): Expression {
    const { at } = this.#token
    if (++this.#depth > maxDepth) throw this.#error(at, `it is nested more than ${maxDepth} deep`)
    try {
      if (this.#takeSign('+')) return this.#unary()
      if (this.#takeSign('-')) {
        const operand = this.#unary()
        if (operand.kind === 'constant' && operand.value !== undefined) return constant(negate(operand.value))
        return other((of) => negate(operand.evaluate(of)))
      }
      if (this.#takeWord('NOT')) return logical(not(this.#condition(this.#unary())))
      return this.#primary()
    } finally {
      this.#depth--
    }
  }

  #primary(): Expression {
    const token = this.#take()
    const { at, kind, text } = token
    switch (kind) {
      case 'string':
        return constant(text)
      case 'double':
        return constant(Number(text))
      case 'integer':
        return constant(this.#integer(token))
      case 'name':
        if (this.#isSign('(')) throw this.#error(at, `there is no function ${text}`)
        return { kind: 'name', evaluate: (of) => of(text) }
      case 'word':
        if (text === 'TRUE' || text === 'FALSE') return constant(text === 'TRUE')
        if (text === 'NULL') return constant(null)
        if (text === 'XPATH' || text === 'XQUERY')
          throw this.#error(at, `${text} is not supported: a selector sees headers only`)
        break
      case 'sign':
        if (text !== '(') break
        {
          const inner = this.#or()
          if (!this.#takeSign(')')) throw this.#unexpected('an operator, or )')
          return inner
        }
      case 'end':
    }
    this.#next--
    throw this.#unexpected('a name, a value or (')
  }

  #integer({ at, text }: Token): bigint | number {
    if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text.slice(1)}`)
    if (/^0\d/.test(text)) throw this.#error(at, 'a number that begins with 0 is octal')
    const value = BigInt(text.replace(/[lL]$/, ''))
    // What is no long any more is compared as a double.
    return BigInt.asIntN(64, value) === value ? value : Number(value)
  }

  /** What is true, false or unknown; a name is so when its value is. */
  #condition({ evaluate, kind, value }: Expression): Evaluate {
    if (kind === 'logical' || (kind === 'constant' && (typeof value === 'boolean' || value === null)))
      return evaluate
    if (kind !== 'name')
      throw this.#error(this.#token.at, 'a condition is true or false, and this is a value')
    return (of) => {
      const value = evaluate(of)
      return value === null ? null : value === true
    }
  }

  #string(): string {
    if (this.#token.kind !== 'string') throw this.#unexpected("a 'string'")
    return this.#take().text
  }

  get #token(): Token {
    return this.#tokens[this.#next]!
  }

  #take(): Token {
    return this.#tokens[this.#next++]!
  }

  #isWord(text: string): boolean {
    return this.#token.kind === 'word' && this.#token.text === text
  }

  #takeWord(text: string): boolean {
    const is = this.#isWord(text)
    if (is) this.#next++
    return is
  }

  #isSign(text: string): boolean {
    return this.#token.kind === 'sign' && this.#token.text === text
  }

  #takeSign(text: string): boolean {
    const is = this.#isSign(text)
    if (is) this.#next++
    return is
  }

  #unexpected(wanted: string): Error {
    const { at, kind, text } = this.#token
    return this.#error(at, `${wanted} is expected, and not ${kind === 'end' ? text : JSON.stringify(text)}`)
  }

  #error(at: number, why: string): Error {
    return selectorError(this.#selector, at, why)
  }
}

const constant = (value: Value): Expression => ({ kind: 'constant', value, evaluate: () => value })

const either =
  (a: Evaluate, b: Evaluate): Evaluate =>
  (of) => {
    const first = a(of)
    if (first === true) return true
    const second = b(of)
    if (second === true) return true
    return first === null || second === null ? null : false
  }

// As ActiveMQ, which differs from SQL: two unknowns are equal, and a known left side is not equal to an unknown right one.
const equals =
  (left: Evaluate, right: Evaluate): Evaluate =>
  (of) => {
    const a = left(of)
    const b = right(of)
    if (a === null) return b === null ? true : null
    return b !== null && compare(a, b) === 0
  }
