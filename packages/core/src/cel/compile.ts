/**
 * CEL expressions over the elements of a stream: `event` (or `value`, where the element is not an event). Checked before
 * they run, and safe to take from strangers: no regular expression that backtracks, bounded size and nesting.
 * https://github.com/google/cel-spec
 *
 * @module
 */
import { type Environment, serialize } from '@marcbachmann/cel-js'
import { HeddleError, errorMessage } from '../errors.ts'
import { isEvent } from '../event/event.ts'
import { didYouMean } from '../plan/check.ts'
import { countLoops, exhaustedReason, isExhausted, refill } from './budget.ts'
import { type CelScope, checking, knownFunctions, knownNames, running } from './environment.ts'
import { plainValue } from './plain-value.ts'
import { checkFunctions, checkSafety, hasLoops, maxLength, readsData } from './safety.ts'
import { viewAny, viewEvent, viewOf } from './view.ts'

/** Elements of which nothing is known. */
const anything: CelScope = { element: 'any', type: 'dyn' }

/** An expression that was compiled; call it with the element. */
export type Expression = (value: unknown) => unknown

/**
 * Compiles an expression.
 *
 * @returns A function of the stream's element; what it gives is JSON. It throws HEDDLE_EXPRESSION_FAILED, for example on a
 *   field that is not there.
 * @throws HEDDLE_EXPRESSION_INVALID with line, column and reason.
 * @example compileExpression('event.data.name + "!"')(event({ type: 'x', data: { name: 'Ada' } }))   // 'Ada!'
 */
export function compileExpression(source: string): Expression {
  const { evaluate } = compile(source, anything)
  return (value) => plainValue(evaluate(value))
}

/**
 * Compiles an expression that must be true or false.
 *
 * @throws HEDDLE_EXPRESSION_INVALID also when it can be seen to be of another type.
 */
export function compilePredicate(source: string): (value: unknown) => boolean {
  return compileIn(anything, source, 'bool').evaluate as (value: unknown) => boolean
}

/** An expression that was compiled for elements of a known type. */
export interface Compiled {
  /** Its type in CEL's words, such as `list<string>`. */
  readonly type: string
  readonly evaluate: Expression
}

/** What an expression has to give; a `key` is a text, a number or true or false. */
export type Wanted = 'any' | 'bool' | 'number' | 'key' | 'list' | 'string'

const wantedTypes: Readonly<
  Record<Exclude<Wanted, 'any'>, { readonly types: RegExp; readonly words: string }>
> = {
  bool: { types: /^bool$/, words: 'a condition is a bool' },
  number: { types: /^(int|uint|double)$/, words: 'a number is wanted' },
  key: { types: /^(string|bool|int|uint|double)$/, words: 'a key is a text, a number or a bool' },
  list: { types: /^list/, words: 'a list is wanted' },
  string: { types: /^string$/, words: 'a text is wanted' },
}

const typeOf = (value: unknown): string =>
  Array.isArray(value)
    ? 'list'
    : typeof value === 'number'
      ? 'double'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value

/**
 * Compiles an expression for elements of a type.
 *
 * @throws HEDDLE_EXPRESSION_INVALID; its `info` has `reason` in one line, and `start` and `end` in the source.
 */
export function compileIn(scope: CelScope, source: string, wanted: Wanted = 'any'): Compiled {
  const { type, evaluate } = compile(source, scope)
  if (wanted === 'any') return { type, evaluate: (value) => plainValue(evaluate(value)) }
  const { types, words } = wantedTypes[wanted]
  if (type !== 'dyn' && !types.test(type)) {
    throw new HeddleError('HEDDLE_EXPRESSION_INVALID', `'${source}' is of type ${type}, and ${words}`, {
      info: { reason: `it is of type ${type}, and ${words}`, start: 0, end: source.length },
    })
  }
  return {
    type,
    evaluate(value) {
      const result = evaluate(value)
      if (wanted === 'bool' && typeof result === 'boolean') return result
      const plain = plainValue(result)
      if (types.test(typeOf(plain))) return plain
      throw new HeddleError('HEDDLE_EXPRESSION_FAILED', `'${source}' gave a ${typeOf(plain)}, and ${words}`)
    },
  }
}

function compile(source: string, scope: CelScope): Compiled {
  let type: string
  let program: ReturnType<Environment['parse']>
  try {
    if (source.length > maxLength) throw new Error(`it has more than ${maxLength} characters`)
    const checked = checking(scope).parse(source)
    checkSafety(checked.ast)
    checkFunctions(checked.ast, knownFunctions())
    const check = checked.check()
    if (!check.valid) throw check.error as Error
    type = String(check.type)
    program = running.parse(source)
  } catch (error) {
    throw invalid(source, scope, error)
  }
  const data = readsData(program.ast)
  const loop = hasLoops(program.ast)
  const view = scope.element === 'value' ? viewOf(scope.type) : viewAny
  if (loop) program = running.parse(serialize(countLoops(program.ast) as typeof program.ast))
  const once = (value: unknown): unknown => {
    const element = isEvent(value) ? viewEvent(value, data) : view(value)
    return program({ event: element, value: element })
  }
  const run = loop ? counted(once) : once
  const evaluate = (value: unknown): unknown => {
    try {
      return run(value)
    } catch (error) {
      throw failed(source, error)
    }
  }
  return { type, evaluate }
}

/** Evaluates with a budget for loops. */
const counted =
  (evaluate: Expression): Expression =>
  (value) => {
    refill()
    // Errors that `all` and `exists` swallow: their stacks take longer than all else.
    const before = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    try {
      const result = evaluate(value)
      if (!isExhausted()) return result
    } catch (error) {
      // Another error may have come before, and was swallowed.
      if (!isExhausted()) throw error
    } finally {
      if (before !== undefined) Error.stackTraceLimit = before
    }
    throw new HeddleError('HEDDLE_EXPRESSION_FAILED', exhaustedReason)
  }

function failed(source: string, error: unknown): HeddleError {
  const reason = reasonOf(error)
  return new HeddleError('HEDDLE_EXPRESSION_FAILED', `'${source}': ${reason}`, { cause: error })
}

/** What went wrong, without cel-js' drawing; of our own errors only the detail. */
function reasonOf(error: unknown): string {
  const own =
    error instanceof HeddleError
      ? error
      : error instanceof Error && error.cause instanceof HeddleError
        ? error.cause
        : undefined
  return own?.detail ?? errorMessage(error).split('\n', 1)[0]!
}

function invalid(source: string, scope: CelScope, error: unknown): HeddleError {
  const [first = '', ...drawing] = errorMessage(error).split('\n')
  const reason = error instanceof RangeError ? 'it is nested too deep' : reworded(first, scope)
  const { node, range } = error as { node?: Place; range?: Place }
  const { start, end } = range ?? node ?? {}
  if (start === undefined)
    return new HeddleError('HEDDLE_EXPRESSION_INVALID', `'${source.slice(0, 200)}': ${reason}`, {
      cause: error,
      info: { reason, start: 0, end: source.length },
    })
  const before = source.slice(0, start).split('\n')
  const at = `line ${before.length}, column ${before.at(-1)!.length + 1}`
  const detail =
    drawing.length > 0 && source.length <= 300
      ? `${at}: ${reason}\n${drawing.join('\n').trimEnd()}`
      : `${at} of '${source.slice(0, 200)}': ${reason}`
  return new HeddleError('HEDDLE_EXPRESSION_INVALID', detail, {
    cause: error,
    info: { reason, start, end: end ?? start + 1 },
  })
}

interface Place {
  readonly start?: number
  readonly end?: number
}

/** What cel-js says, with what may have been meant. */
function reworded(reason: string, scope: CelScope): string {
  const variable = /^Unknown variable: (\w+)$/.exec(reason)?.[1]
  if (variable === 'event') return "an element here is not an event: it is called 'value'"
  if (variable === 'value') return "an element here is an event: it is called 'event'"
  if (variable !== undefined) {
    const names = scope.element === 'any' ? ['event', 'value'] : [scope.element]
    const meant = didYouMean(variable, names)
    const hint = meant.includes('did you mean')
      ? meant
      : `; a text goes into quotes of its own: '${variable}'`
    return `there is no variable '${variable}'${hint}`
  }
  const key = /^No such key: (\w+)$/.exec(reason)?.[1]
  if (key !== undefined) return `there is no field '${key}'${didYouMean(key, knownNames(scope))}`
  if (reason === 'Unexpected character: =') return `${reason}; two of them compare: ==`
  if (/^no such overload: (string \+ \w+|\w+ \+ string)$/.test(reason))
    return `${reason}; string(…) makes a text of another value`
  return reason
}
