import type { ASTNode } from '@marcbachmann/cel-js'
import { HeddleError } from '../errors.ts'

/**
 * Work that the loops of one evaluation may do, in steps: a turn of a loop is one, and so are 16 characters or list elements
 * that a function inside of a loop goes through. It takes some 20 ms: the longest that one expression holds up the others.
 */
export const maxSteps = 100_000

let left = maxSteps

/** Before each evaluation of an expression that loops. */
export function refill(): void {
  left = maxSteps
}

/** Counts a step, and what it takes to go through the value; answers the value. */
export function charge(value: unknown): unknown {
  left -= 1
  if (typeof value === 'string' || Array.isArray(value)) left -= value.length >> 4
  if (left < 0)
    throw new HeddleError('HEDDLE_EXPRESSION_FAILED', `its loops take more than ${maxSteps} steps`)
  return value
}

/** Macros that loop; each one inside another multiplies the work. */
export const loops: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

/** Written as `__charge(…)`, which no expression of a user can name. */
interface Node {
  readonly op: string
  readonly args: unknown
}

const charged = (node: Node): Node => ({ op: 'call', args: ['__charge', [node]] })

/** The same expression with its loops counted: what each loop goes through, its body, and what functions take in there. */
export function countLoops(node: ASTNode, inLoop = false): Node {
  const inner = (child: ASTNode): Node => countLoops(child, inLoop)
  const operand = (child: ASTNode): Node => {
    const made = inner(child)
    return inLoop && child.op !== 'value' ? charged(made) : made
  }
  switch (node.op) {
    case 'value':
      // As it was written: a double would lose digits.
      return { op: 'id', args: node.input.slice(node.range.start, node.range.end) }
    case 'id':
      return node
    case '.':
    case '.?':
      return { op: node.op, args: [inner(node.args[0]), node.args[1]] }
    case 'call': {
      const [name, args] = node.args
      return { op: 'call', args: [name, name === 'has' ? args : args.map(operand)] }
    }
    case 'rcall': {
      const [name, receiver, args] = node.args
      if (loops.has(name)) {
        const [variable, ...bodies] = args
        const made = bodies.map((body) => charged(countLoops(body, true)))
        return { op: 'rcall', args: [name, charged(inner(receiver)), [variable, ...made]] }
      }
      const isBind = receiver.op === 'id' && receiver.args === 'cel'
      const target = isBind || optional.has(name) ? inner(receiver) : operand(receiver)
      return {
        op: 'rcall',
        args: [name, target, args.map((arg, at) => (isBind && at === 0 ? arg : operand(arg)))],
      }
    }
    case 'list':
      return { op: 'list', args: node.args.map(inner) }
    case 'map':
      return { op: 'map', args: node.args.map(([key, value]) => [inner(key), inner(value)]) }
    case '!_':
    case '-_':
      return { op: node.op, args: inner(node.args) }
    case '?:':
    case '&&':
    case '||':
      return { op: node.op, args: (node.args as ASTNode[]).map(inner) }
    default:
      return { op: node.op, args: (node.args as ASTNode[]).map(operand) }
  }
}

/** Methods of optional values, which are not to be taken for other values. */
const optional = new Set(['or', 'orValue', 'value', 'hasValue'])
