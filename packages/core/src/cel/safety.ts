import type { ASTNode } from '@marcbachmann/cel-js'
import { errorMessage } from '../errors.ts'
import { compilePattern } from './re2.ts'

/** Macros that loop; each one inside another multiplies the work. */
const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
const maxLoopDepth = 2

/**
 * Refuses what could block the event loop: `matches`, which backtracks, and loops nested deeper than two.
 * @throws an Error whose `node` is the place.
 */
export function checkSafety(ast: ASTNode, depth = 0): void {
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
  for (const child of children(ast)) checkSafety(child, inner)
}

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
