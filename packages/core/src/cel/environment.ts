import { Environment } from '@marcbachmann/cel-js'
import { HeddleError } from '../errors.ts'
import { charge, chargeTries, chargeTurns, loops } from './budget.ts'
import { re2 } from './re2.ts'
import { type CelType, declare, eventAttributes } from './types.ts'

/** Bounds of one expression: far above what people write, and small enough that one cannot stall an engine. */
const limits = {
  maxAstNodes: 1000,
  maxDepth: 40,
  maxListElements: 200,
  maxMapEntries: 200,
  maxCallArguments: 16,
}

/** What an expression can speak of. */
export interface CelScope {
  /** Elements are events (`event`), other values (`value`), or either. */
  readonly element: 'event' | 'value' | 'any'
  /** Type of `event.data`, or of `value`; `dyn` where nothing is known. */
  readonly type: CelType
}

/** An environment with the functions that all expressions have. */
function environment(): Environment {
  const made = new Environment({ limits, homogeneousAggregateLiterals: false, enableOptionalTypes: true })
    .registerFunction('re2(string, string): bool', re2)
    .registerFunction({
      name: 're2',
      receiverType: 'string',
      returnType: 'bool',
      handler: re2,
      params: [{ name: 'pattern', type: 'string' }],
    })
    .registerOperator('double == int', (a: number, b: bigint) => a === Number(b))
  // Numbers of JSON are doubles, and people write 1, not 1.0: arithmetic of both gives a double.
  for (const [sign, calculate] of Object.entries(arithmetic)) {
    made.registerOperator(`double ${sign} int: double`, calculate)
    made.registerOperator(`int ${sign} double: double`, calculate)
  }
  return made.registerOperator('double % double: double', arithmetic['%']!)
}

type Calculate = (a: number | bigint, b: number | bigint) => number
const arithmetic: Readonly<Record<string, Calculate>> = {
  '+': (a, b) => Number(a) + Number(b),
  '-': (a, b) => Number(a) - Number(b),
  '*': (a, b) => Number(a) * Number(b),
  '/': (a, b) => Number(a) / Number(b),
  '%': (a, b) => {
    if (Number(b) === 0) throw new HeddleError('HEDDLE_EXPRESSION_FAILED', 'modulo by zero')
    return Number(a) % Number(b)
  },
}

/** Takes everything as it comes, which evaluates three times as fast as one that knows types. */
export const running = environment()
  .registerVariable('event', 'dyn')
  .registerVariable('value', 'dyn')
  .registerFunction('__charge(dyn): dyn', charge)
  .registerFunction('__turns(dyn): dyn', chargeTurns)
  .registerFunction('__tries(dyn): dyn', chargeTries)

const cache = new WeakMap<CelScope, Environment>()

/** Knows what an element has, to find what is misspelt when the expression is compiled. */
export function checking(scope: CelScope): Environment {
  const cached = cache.get(scope)
  if (cached) return cached
  const made = environment()
  const declared = declare(made, scope.type)
  if (scope.element !== 'value') {
    const data = scope.element === 'event' ? declared : 'dyn'
    made.registerVariable({ name: 'event', schema: { ...eventAttributes, data } })
  }
  if (scope.element !== 'event') made.registerVariable('value', scope.element === 'value' ? declared : 'dyn')
  cache.set(scope, made)
  return made
}

let functions: ReadonlySet<string> | undefined

/** Names of functions, those that loop included. */
export function knownFunctions(): ReadonlySet<string> {
  return (functions ??= new Set([
    'bind',
    ...loops,
    ...running
      .getDefinitions()
      .functions.map(({ name }) => name)
      .filter((name) => !name.startsWith('__')),
  ]))
}

/** Names that may have been meant where the expression has one that is not there. */
export function knownNames({ element, type }: CelScope): readonly string[] {
  const attributes = element === 'value' ? [] : [...Object.keys(eventAttributes), 'data']
  return [...attributes, ...fieldNames(type)]
}

function fieldNames(type: CelType): readonly string[] {
  if (typeof type === 'string') return []
  if ('list' in type) return fieldNames(type.list)
  return Object.entries(type.fields).flatMap(([name, inner]) => [name, ...fieldNames(inner)])
}
