/**
 * Shapes: each is a part of the format, once for both who reads a file and editors that check it while it is written.
 *
 * @module
 */
import { type Node, type YAMLMap, isMap, isScalar, isSeq } from 'yaml'
import { errorMessage, isHeddleError } from '../errors.ts'
import { didYouMean } from '../plan/check.ts'
import type { Json } from '../plan/plan.ts'
import { type Duration, type Size, bytes, milliseconds } from '../units.ts'
import { type Reader, kindOf } from './reader.ts'

export type JsonObject = { readonly [key: string]: Json }

export interface Shape<T> {
  /** What it is, in a few words, as in 'a duration such as 1m'. */
  readonly what: string
  /** True for a part that this shape is meant for, right or wrong. */
  takes(node: Node | null): boolean
  /** Its value, without those parts that are wrong, which the reader is told; `undefined` when nothing can be made of it. */
  read(node: Node | null, reader: Reader): T | undefined
  readonly schema: JsonObject
}

/** What a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never

/** A value, and the part of the file that it was read from. */
export interface Located<T> {
  readonly value: T
  /** Where it is named, or else stands. */
  readonly node: Node
  /** All of it, where `node` is its name. */
  readonly whole?: Node
}

const isText = (node: Node | null): boolean => isScalar(node) && typeof node.value === 'string'
const wrong = (shape: { readonly what: string }, node: Node | null, reader: Reader, why = ''): undefined => {
  reader.mistake(node, `${why === '' ? `this is ${kindOf(node)}` : why}; it must be ${shape.what}`)
  return undefined
}

/** A shape of single values. */
function scalar<T>(what: string, schema: JsonObject, read: (value: unknown) => T | undefined): Shape<T> {
  const shape: Shape<T> = {
    what,
    schema,
    takes: (node) => isScalar(node) && node.value !== null,
    read(node, reader) {
      if (!isScalar(node)) return wrong(shape, node, reader)
      try {
        const value = read(node.value)
        return value === undefined ? wrong(shape, node, reader) : value
      } catch (error) {
        return wrong(shape, node, reader, isHeddleError(error) ? error.detail : errorMessage(error))
      }
    },
  }
  return shape
}

export const text = (what = 'a text', pattern?: RegExp): Shape<string> =>
  scalar(what, { type: 'string', ...(pattern && { pattern: pattern.source }) }, (value) =>
    typeof value === 'string' && value !== '' && (!pattern || pattern.test(value)) ? value : undefined,
  )

export const duration: Shape<Duration> = scalar(
  'a duration such as 250ms, 1.5s, 1m, 2h or 7d',
  { type: 'string', pattern: '^\\d+(\\.\\d+)?\\s*(ms|s|m|h|d)$' },
  (value) => {
    if (typeof value !== 'string') return undefined
    milliseconds(value as Duration)
    return value as Duration
  },
)

export const size: Shape<Size> = scalar(
  'a size such as 512b, 64kb, 64mb or 2gb',
  { type: 'string', pattern: '^\\d+(\\.\\d+)?\\s*(b|kb|mb|gb|tb)$' },
  (value) => {
    if (typeof value !== 'string') return undefined
    bytes(value as Size)
    return value as Size
  },
)

export const wholeNumber = (least: number): Shape<number> =>
  scalar(`a whole number from ${least} on`, { type: 'integer', minimum: least }, (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least ? value : undefined,
  )

export const number = (least: number, most?: number): Shape<number> =>
  scalar(
    most === undefined ? `a number from ${least} on` : `a number from ${least} to ${most}`,
    { type: 'number', minimum: least, ...(most !== undefined && { maximum: most }) },
    (value) =>
      typeof value === 'number' && value >= least && (most === undefined || value <= most)
        ? value
        : undefined,
  )

export const flag: Shape<boolean> = scalar('true or false', { type: 'boolean' }, (value) =>
  typeof value === 'boolean' ? value : undefined,
)

/** `true`, for a word that says all by being there. */
export const yes: Shape<true> = scalar('true', { const: true }, (value) =>
  value === true ? value : undefined,
)

export function oneOf<const W extends string>(...words: readonly W[]): Shape<W> {
  const shape = scalar(words.join(' or '), { enum: words }, (value) => words.find((word) => word === value))
  return {
    ...shape,
    read(node, reader) {
      if (!isScalar(node) || !isText(node)) return wrong(shape, node, reader)
      const found = words.find((word) => word === node.value)
      if (found !== undefined) return found
      reader.mistake(node, `there is no '${String(node.value)}' here${didYouMean(String(node.value), words)}`)
      return undefined
    },
  }
}

export function list<T>(item: Shape<T>, { least = 0 } = {}): Shape<readonly T[]> {
  const shape: Shape<readonly T[]> = {
    what: `a list, each item of which is ${item.what}`,
    schema: { type: 'array', items: item.schema, ...(least > 0 && { minItems: least }) },
    takes: isSeq,
    read(node, reader) {
      if (!isSeq(node)) return wrong(shape, node, reader)
      if (node.items.length < least) return wrong(shape, node, reader, 'this is an empty list')
      // What is wrong is told; the others are checked further.
      return node.items
        .map((part) => item.read(reader.resolve(part), reader))
        .filter((part) => part !== undefined)
    },
  }
  return shape
}

/** Any names, each with a value of one shape. */
export function record<T>(
  value: Shape<T>,
  { name = /^.+$/, what = 'a name', least = 0 }: { name?: RegExp; what?: string; least?: number } = {},
): Shape<ReadonlyMap<string, Located<T>>> {
  const shape: Shape<ReadonlyMap<string, Located<T>>> = {
    what: `an object with ${value.what} for ${what} each`,
    schema: {
      type: 'object',
      propertyNames: { pattern: name.source },
      additionalProperties: value.schema,
      ...(least > 0 && { minProperties: least }),
    },
    takes: isMap,
    read(node, reader) {
      if (!isMap(node)) return wrong(shape, node, reader)
      if (node.items.length < least) return wrong(shape, node, reader, 'this is an empty object')
      const entries = new Map<string, Located<T>>()
      for (const [key, keyNode, part] of entriesOf(node, reader)) {
        if (!name.test(key)) {
          reader.mistake(keyNode, `'${key}' is not ${what}`)
          continue
        }
        const made = value.read(part, reader)
        if (made !== undefined) entries.set(key, { value: made, node: keyNode, ...(part && { whole: part }) })
      }
      return entries
    },
  }
  return shape
}

/** One field of an object. */
export interface Field<T> {
  readonly shape: Shape<T>
  /** For editors, and for the reference. */
  readonly about: string
  readonly required?: true
}

export const field = <T>(shape: Shape<T>, about: string): Field<T> => ({ shape, about })
export const required = <T>(shape: Shape<T>, about: string): Field<T> & { readonly required: true } => ({
  shape,
  about,
  required: true,
})

export type Fields = Readonly<Record<string, Field<unknown>>>
export type ReadFields<F extends Fields> = {
  readonly [Name in keyof F as F[Name] extends { readonly required: true } ? Name : never]: Read<
    F[Name]['shape']
  >
} & {
  readonly [Name in keyof F as F[Name] extends { readonly required: true } ? never : Name]?: Read<
    F[Name]['shape']
  >
}

/** An object with these fields and no others. Of the fields of each group in `one` exactly one has to be there. */
export function object<F extends Fields>(
  what: string,
  fields: F,
  { one = [] }: { readonly one?: readonly (readonly (keyof F & string)[])[] } = {},
): Shape<ReadFields<F>> {
  const shape: Shape<ReadFields<F>> = {
    what,
    schema: {
      type: 'object',
      properties: schemaOf(fields),
      ...requiredOf(fields),
      additionalProperties: false,
      ...(one.length > 0 && {
        allOf: one.map((group) => ({ oneOf: group.map((name) => ({ required: [name] })) })),
      }),
    },
    takes: isMap,
    read(node, reader) {
      if (!isMap(node)) return wrong(shape, node, reader)
      const found = readFields(fields, node, reader)
      const good = one.map((group) => {
        const there = group.filter((name) => node.has(name))
        if (there.length === 1) return found !== undefined && group.some((name) => name in found)
        const names = group.map((name) => `'${name}'`).join(', ')
        const message =
          there.length === 0
            ? `one of ${names} is missing`
            : `only one of ${names} can be there, and here are ${there.map((name) => `'${name}'`).join(' and ')}`
        reader.mistake(node.items[0] ?? node, message)
        return false
      })
      return good.every(Boolean) ? found : undefined
    },
  }
  return shape
}

export const schemaOf = (fields: Fields): JsonObject =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { shape, about }]) => [
      name,
      '$ref' in shape.schema
        ? { allOf: [shape.schema], description: about }
        : { description: about, ...shape.schema },
    ]),
  )

const requiredOf = (fields: Fields): { readonly required?: readonly string[] } => {
  const names = Object.keys(fields).filter((name) => fields[name]?.required)
  return names.length > 0 ? { required: names } : {}
}

/** The fields that are right; `undefined` when one that has to be there is missing or wrong. All that is wrong is told. */
export function readFields<F extends Fields>(
  fields: F,
  node: YAMLMap,
  reader: Reader,
): ReadFields<F> | undefined {
  const values: Record<string, unknown> = {}
  for (const [name, keyNode, part] of entriesOf(node, reader)) {
    const known = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (!known) {
      reader.mistake(keyNode, `there is no '${name}' here${didYouMean(name, Object.keys(fields))}`)
      continue
    }
    // An empty value has no place of its own.
    if (part === null || (isScalar(part) && part.value === null && !known.shape.takes(part))) {
      reader.mistake(keyNode, `'${name}' has no value; it must be ${known.shape.what}`)
      continue
    }
    const value = known.shape.read(part, reader)
    if (value !== undefined) values[name] = value
  }
  const musts = Object.entries(fields).filter(([, { required: must }]) => must)
  for (const [name, { shape }] of musts) {
    if (!node.has(name))
      reader.mistake(node.items[0] ?? node, `'${name}' is missing; it must be ${shape.what}`)
  }
  return musts.every(([name]) => name in values) ? (values as ReadFields<F>) : undefined
}

/** Whichever shape takes the part. */
export function either<T>(...shapes: readonly Shape<T>[]): Shape<T> {
  const shape: Shape<T> = {
    what: shapes.map(({ what }) => what).join(', or '),
    schema: { anyOf: shapes.map((each) => each.schema) },
    takes: (node) => shapes.some((each) => each.takes(node)),
    read(node, reader) {
      const found = shapes.find((each) => each.takes(node))
      return found ? found.read(node, reader) : wrong(shape, node, reader)
    },
  }
  return shape
}

/** The same shape with another value. */
export const mapped = <A, B>(shape: Shape<A>, map: (value: A) => B): Shape<B> => ({
  ...shape,
  read(node, reader) {
    const value = shape.read(node, reader)
    return value === undefined ? undefined : map(value)
  },
})

/** A value and where it stands. */
export const located = <T>(shape: Shape<T>): Shape<Located<T>> => ({
  ...shape,
  read(node, reader) {
    const value = shape.read(node, reader)
    return value === undefined || node === null ? undefined : { value, node }
  },
})

/** A shape that is used by itself, such as steps in a step; `name` is where the JSON Schema has it. */
export const later = <T>(name: string, what: string, shape: () => Shape<T>): Shape<T> => ({
  what,
  schema: { $ref: `#/$defs/${name}` },
  takes: (node) => shape().takes(node),
  read: (node, reader) => shape().read(node, reader),
})

/** Any value of JSON, as it stands. */
export const literal: Shape<Json> = {
  what: 'any value',
  schema: {},
  takes: () => true,
  read: (node, reader) => jsonOf(node, reader),
}

function jsonOf(node: Node | null, reader: Reader): Json {
  if (isMap(node))
    return Object.fromEntries(entriesOf(node, reader).map(([name, , part]) => [name, jsonOf(part, reader)]))
  if (isSeq(node)) return node.items.map((part) => jsonOf(reader.resolve(part), reader))
  return isScalar(node) ? (node.value as Json) : null
}

/** Names, where they stand, and values. */
export const entriesOf = (
  node: YAMLMap,
  reader: Reader,
): (readonly [name: string, key: Node, value: Node | null])[] =>
  node.items.map(({ key, value }) => {
    const keyNode = reader.resolve(key)
    const name = isScalar(keyNode) ? String(keyNode.value) : ''
    return [name, keyNode ?? node, reader.resolve(value)]
  })
