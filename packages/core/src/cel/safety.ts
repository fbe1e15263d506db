import type { ASTNode } from '@marcbachmann/cel-js'
import { errorMessage } from '../errors.ts'
import { didYouMean } from '../plan/check.ts'
import { loops } from './budget.ts'
import { compilePattern } from './re2.ts'

/** Longer texts are not even parsed. */
export const maxLength = 16_384

/** Loops inside each other. */
const maxLoopDepth = 2

/**
 * Nodes that an expression has when each name that `cel.bind` gives is replaced by what it stands for: `cel.bind` inside
 * `cel.bind` could double a text or a list each time.
 */
const maxExpandedNodes = 5000

/**
 * Refuses what could block the event loop: `matches`, which backtracks, loops nested deeper than two, and values that grow by
 * `cel.bind`.
 * @throws an Error whose `node` is the place.
 */
export function checkSafety(ast: ASTNode): void {
  checkCalls(ast, 0)
  if (expandedNodes(ast, new Map()) > maxExpandedNodes)
    throw located(ast, `cel.bind makes values grow: written out, it has more than ${maxExpandedNodes} nodes`)
}

/** Finds functions that there are not; the checker would first stumble over what a loop of that name makes known. */
export function checkFunctions(ast: ASTNode, known: ReadonlySet<string>): void {
  if ((ast.op === 'rcall' || ast.op === 'call') && !known.has(ast.args[0])) {
    const meant = didYouMean(ast.args[0], known)
    const hint = meant.includes('did you mean') ? meant : ''
    throw located(ast, `there is no function '${ast.args[0]}'${hint}`)
  }
  for (const child of children(ast)) checkFunctions(child, known)
}

function checkCalls(ast: ASTNode, depth: number): void {
  let inner = depth
  if (ast.op === 'rcall' || ast.op === 'call') {
    const name = ast.args[0]
    if (name === 'matches')
      throw located(ast, "matches() can take forever on a hostile pattern; write re2(text, 'pattern')")
    if (name === 're2') checkPattern(ast.args.at(-1) as readonly ASTNode[])
    if (ast.op === 'rcall' && loops.has(name)) inner++
    if (inner > maxLoopDepth)
      throw located(ast, `${name}() is nested ${inner} deep; ${maxLoopDepth} is the limit`)
  }
  for (const child of children(ast)) checkCalls(child, inner)
}

function expandedNodes(ast: ASTNode, bound: ReadonlyMap<string, number>): number {
  if (ast.op === 'id') return bound.get(ast.args) ?? 1
  if (ast.op === 'rcall' && ast.args[0] === 'bind' && isNamespace(ast.args[1])) {
    const [name, value, body] = ast.args[2]
    if (name?.op === 'id' && value && body) {
      const size = Math.min(expandedNodes(value, bound), maxExpandedNodes + 1)
      return size + expandedNodes(body, new Map(bound).set(name.args, size))
    }
  }
  let nodes = 1
  for (const child of children(ast)) nodes += expandedNodes(child, bound)
  return nodes
}

const isNamespace = (node: ASTNode): boolean => node.op === 'id' && node.args === 'cel'

/** A pattern that stands in the expression is tried when that is compiled. */
function checkPattern(args: readonly ASTNode[]): void {
  const pattern = args.at(-1)
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') return
  try {
    compilePattern(pattern.args)
  } catch (error) {
    throw located(pattern, errorMessage(error))
  }
}

/** False when the expression can be seen never to read `event.data`, so that it need not be decoded. */
export function readsData(ast: ASTNode): boolean {
  if (ast.op === '.' && ast.args[0].op === 'id') return ast.args[1] === 'data'
  if (ast.op === 'id') return ast.args === 'event' || ast.args === 'value'
  return children(ast).some(readsData)
}

/** True when a part of it is evaluated more than once. */
export function hasLoops(ast: ASTNode): boolean {
  return (ast.op === 'rcall' && loops.has(ast.args[0])) || children(ast).some(hasLoops)
}

function children(ast: ASTNode): ASTNode[] {
  const found: ASTNode[] = []
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) for (const item of part) visit(item)
    else if (typeof part === 'object' && part !== null && 'op' in part) found.push(part as ASTNode)
  }
  visit(ast.args)
  return found
}

const located = (node: ASTNode, message: string): Error => Object.assign(new Error(message), { node })
