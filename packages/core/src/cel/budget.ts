import { type ASTNode, EvaluationError } from '@marcbachmann/cel-js'

/**
 * Work that the loops of one evaluation may do, in steps: a turn of a loop is one, and so are each value that a function takes
 * inside of a loop, and 16 characters or list elements that it goes through. A turn of `all` or `exists` is five, since they
 * swallow errors, which take longer than anything else. In all it is some 50 ms at worst.
 */
export const maxSteps = 100_000

let left = maxSteps

/** Before each evaluation of an expression that loops. */
export function refill(): void {
  left = maxSteps
}

/** True when an evaluation has done more than it may; its result then is worth nothing. */
export const isExhausted = (): boolean => left < 0

export const exhaustedReason = `its loops take more than ${maxSteps} steps`

/**
 * Made once: `all` and `exists` swallow what is thrown in a turn and go on, so that it is thrown again and again. An error with a
 * node is not changed by whoever catches it on the way.
 */
const exhausted = new EvaluationError({
  code: 'exhausted',
  message: exhaustedReason,
  node: { input: ' ', pos: 0, start: 0, end: 1 },
})

function spend(steps: number): void {
  left -= steps
  if (left < 0) throw exhausted
}

/** Counts what it takes to go through a value; answers the value. */
export function charge(value: unknown): unknown {
  spend(typeof value === 'string' || Array.isArray(value) ? 1 + (value.length >> 4) : 1)
  return value
}

/** Counts the turns of a loop before the first: what is too long does not begin. */
export function chargeTurns(value: unknown): unknown {
  spend(turnsOf(value))
  return value
}

/** The same of a loop that swallows errors. */
export function chargeTries(value: unknown): unknown {
  spend(5 * turnsOf(value))
  return value
}

/** Lists are looped over by item, maps by key. */
const turnsOf = (value: unknown): number =>
  Array.isArray(value)
    ? 1 + value.length
    : typeof value === 'object' && value !== null
      ? 1 + Object.keys(value).length
      : 1

/** Macros that loop; each one inside another multiplies the work. */
export const loops: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

interface Node {
  readonly op: string
  readonly args: unknown
}

// Functions that no expression of a user can name.
const charged = (node: Node): Node => ({ op: 'call', args: ['__charge', [node]] })
const turns = (name: string, list: Node): Node => ({
  op: 'call',
  args: [name === 'all' || name === 'exists' ? '__tries' : '__turns', [list]],
})

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
        return { op: 'rcall', args: [name, turns(name, inner(receiver)), [variable, ...made]] }
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
