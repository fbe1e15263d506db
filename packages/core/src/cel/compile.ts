/**
 * CEL expressions over the elements of a stream: `event` (or `value`, where the element is not an event). Checked before
 * they run, and safe to take from strangers: no regular expression that backtracks, bounded size and nesting.
 * https://github.com/google/cel-spec
 *
 * @module
 */
import { Environment } from '@marcbachmann/cel-js'
import { HeddleError, errorMessage } from '../errors.ts'
import { type Event, isEvent } from '../event/event.ts'
import { peekData } from '../event/record.ts'
import { re2 } from './re2.ts'
import { checkSafety, readsData } from './safety.ts'

/** Bounds of one expression: far above what people write, and small enough that one cannot stall an engine. */
const limits = {
  maxAstNodes: 1000,
  maxDepth: 40,
  maxListElements: 200,
  maxMapEntries: 200,
  maxCallArguments: 16,
}

const register = (environment: Environment): Environment =>
  environment
    .registerVariable('value', 'dyn')
    .registerFunction('re2(string, string): bool', re2)
    .registerFunction({
      name: 're2',
      receiverType: 'string',
      returnType: 'bool',
      handler: re2,
      params: [{ name: 'pattern', type: 'string' }],
    })

// Two environments: one that knows the attributes, to find misspelt ones when the expression is compiled; and one that
// takes everything as it comes, which evaluates three times as fast.
const checking = register(new Environment({ limits })).registerVariable({
  name: 'event',
  schema: {
    specversion: 'string',
    id: 'string',
    source: 'string',
    type: 'string',
    datacontenttype: 'string',
    dataschema: 'string',
    subject: 'string',
    time: 'string',
    partitionkey: 'string',
    traceparent: 'string',
    tracestate: 'string',
    extensions: 'map<string, dyn>',
    data: 'dyn',
  },
})
const running = register(new Environment({ limits })).registerVariable('event', 'dyn')

/** An expression that was compiled; call it with the element. */
export type Expression = (value: unknown) => unknown

/**
 * Compiles an expression.
 *
 * @returns A function of the stream's element. It throws HEDDLE_EXPRESSION_FAILED, for example on a field that is not there.
 * @throws HEDDLE_EXPRESSION_INVALID with line, column and reason.
 * @example compileExpression('event.data.name + "!"')(event({ type: 'x', data: { name: 'Ada' } }))   // 'Ada!'
 */
export function compileExpression(source: string): Expression {
  return compile(source).evaluate
}

/**
 * Compiles an expression that must be true or false.
 *
 * @throws HEDDLE_EXPRESSION_INVALID also when it can be seen to be of another type.
 */
export function compilePredicate(source: string): (value: unknown) => boolean {
  const { type, evaluate } = compile(source)
  if (type !== 'bool' && type !== 'dyn') {
    throw new HeddleError(
      'HEDDLE_EXPRESSION_INVALID',
      `'${source}' is of type ${type}, and a condition is a bool`,
    )
  }
  return (value) => {
    const result = evaluate(value)
    if (typeof result === 'boolean') return result
    throw new HeddleError(
      'HEDDLE_EXPRESSION_FAILED',
      `'${source}' gave a ${typeof result}, and a condition is a bool`,
    )
  }
}

function compile(source: string): { type: string; evaluate: Expression } {
  let type: string
  let program: ReturnType<Environment['parse']>
  try {
    const checked = checking.parse(source)
    checkSafety(checked.ast)
    const check = checked.check()
    if (!check.valid) throw check.error as Error
    type = String(check.type)
    program = running.parse(source)
  } catch (error) {
    throw new HeddleError('HEDDLE_EXPRESSION_INVALID', place(source, error), { cause: error })
  }
  const data = readsData(program.ast)
  const evaluate = (value: unknown): unknown => {
    try {
      const element = isEvent(value) ? view(value, data) : value
      return program({ event: element, value: element })
    } catch (error) {
      const reason = errorMessage(error).split('\n', 1)[0]!
      throw new HeddleError('HEDDLE_EXPRESSION_FAILED', `'${source}': ${reason}`, { cause: error })
    }
  }
  return { type, evaluate }
}

// The last event's view: rules that are tried one after the other on one event share it.
let viewed: Event | undefined
let lastView: Record<string, unknown> = {}

/** The event as a plain object, so that reading its data neither decodes it needlessly nor counts as taking it. */
function view(event: Event, data: boolean): Record<string, unknown> {
  if (viewed !== event) {
    lastView = {}
    for (const name of Object.keys(event)) {
      if (name !== 'data') lastView[name] = (event as unknown as Record<string, unknown>)[name]
    }
    viewed = event
  }
  if (data && !('data' in lastView)) {
    const decoded = peekData(event)
    if (decoded !== undefined) lastView['data'] = decoded
  }
  return lastView
}

function place(source: string, error: unknown): string {
  const [reason = '', ...drawing] = errorMessage(error).split('\n')
  const { node, range } = error as { node?: { start?: number }; range?: { start?: number } }
  const start = node?.start ?? range?.start
  if (start === undefined) return `'${source}': ${reason}`
  const before = source.slice(0, start).split('\n')
  const at = `line ${before.length}, column ${before.at(-1)!.length + 1}`
  return drawing.length > 0
    ? `${at}: ${reason}\n${drawing.join('\n').trimEnd()}`
    : `${at} of '${source}': ${reason}`
}
