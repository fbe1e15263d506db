import { type Node, isMap, isScalar, isSeq } from 'yaml'
import type { CelScope } from '../cel/environment.ts'
import type { CelType } from '../cel/types.ts'
import { type CelText, celText, compileText } from './cel-text.ts'
import type { Reader } from './reader.ts'
import { typeOfExpression } from './scope.ts'
import { type Shape, entriesOf, literal } from './shape.ts'

/**
 * A value with holes: texts are CEL expressions, objects and lists are made of what is in them, numbers, booleans and null
 * stay what they are, and `{ $literal: … }` is what stands there.
 */
export type Template =
  | { readonly cel: CelText }
  | { readonly literal: unknown }
  | { readonly list: readonly Template[] }
  | { readonly fields: readonly (readonly [name: string, part: Template])[] }

export const template: Shape<Template> = {
  what: 'a template: an expression, or an object or list of them',
  schema: { $ref: '#/$defs/template' },
  takes: () => true,
  read: readTemplate,
}

/** Its part of the JSON Schema. */
export const templateSchema = {
  description:
    'Texts are CEL; numbers, true, false and null are themselves; { $literal: … } is what stands there.',
  anyOf: [
    { type: ['string', 'number', 'boolean', 'null'] },
    { type: 'array', items: { $ref: '#/$defs/template' } },
    { type: 'object', properties: { $literal: {} }, additionalProperties: { $ref: '#/$defs/template' } },
  ],
} as const

function readTemplate(node: Node | null, reader: Reader): Template | undefined {
  if (isMap(node)) {
    const entries = entriesOf(node, reader)
    if (entries.length === 1 && entries[0]![0] === '$literal')
      return { literal: literal.read(entries[0]![2], reader) }
    const fields = entries.map(([name, , part]) => [name, readTemplate(part, reader)] as const)
    return fields.some(([, part]) => part === undefined)
      ? undefined
      : { fields: fields as [string, Template][] }
  }
  if (isSeq(node)) {
    const items = node.items.map((part) => readTemplate(reader.resolve(part), reader))
    return items.some((part) => part === undefined) ? undefined : { list: items as Template[] }
  }
  if (isScalar(node) && typeof node.value === 'string') {
    const cel = celText().read(node, reader)
    return cel && { cel }
  }
  return { literal: isScalar(node) ? node.value : null }
}

export interface CompiledTemplate {
  readonly type: CelType
  readonly evaluate: (value: unknown) => unknown
}

/** Compiles all expressions of a template; those that are wrong are told to the reader. */
export function compileTemplate(made: Template, scope: CelScope, reader: Reader): CompiledTemplate {
  if ('cel' in made) {
    const compiled = compileText(made.cel, scope, 'any', reader)
    if (!compiled) return unknown
    return { type: typeOfExpression(made.cel.text, compiled.type, scope), evaluate: compiled.evaluate }
  }
  if ('list' in made) {
    const items = made.list.map((part) => compileTemplate(part, scope, reader))
    return { type: { list: 'dyn' }, evaluate: (value) => items.map(({ evaluate }) => evaluate(value)) }
  }
  if ('fields' in made) {
    const fields = made.fields.map(([name, part]) => [name, compileTemplate(part, scope, reader)] as const)
    return {
      type: { fields: Object.fromEntries(fields.map(([name, { type }]) => [name, type])) },
      evaluate: (value) => Object.fromEntries(fields.map(([name, { evaluate }]) => [name, evaluate(value)])),
    }
  }
  const { literal: value } = made
  return { type: typeOfLiteral(value), evaluate: () => value }
}

const unknown: CompiledTemplate = { type: 'dyn', evaluate: () => undefined }

function typeOfLiteral(value: unknown): CelType {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
      return 'double'
    case 'boolean':
      return 'bool'
    default:
      return 'dyn'
  }
}
