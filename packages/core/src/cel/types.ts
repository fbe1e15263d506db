import type { Environment } from '@marcbachmann/cel-js'

/** Types of CEL as far as JSON has them. Numbers are doubles, whole or not. `fields` has all fields there are. */
export type CelType =
  | 'dyn'
  | 'string'
  | 'bool'
  | 'double'
  | 'map<string, dyn>'
  | { readonly list: CelType }
  | { readonly fields: Readonly<Record<string, CelType>> }

/** Attributes of every event, with their types. */
export const eventAttributes = {
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
} as const

const eventTypes = new WeakSet<object>()

/** An event as a part of something else. */
export function eventType(data: CelType): CelType {
  const type = { fields: { ...eventAttributes, data } }
  eventTypes.add(type)
  return type
}

export const isEventType = (type: CelType): boolean => typeof type === 'object' && eventTypes.has(type)

/**
 * The type of what a JSON Schema describes; `dyn` where it allows different ones, or says it in a way not understood here.
 * Objects have the fields of their `properties` and no others, unless `additionalProperties` is there and not false.
 */
export function typeOfSchema(schema: unknown): CelType {
  return typeOf(schema, schema, 0)
}

/** Schemas may refer to themselves; deeper than this nothing is known. */
const maxDepth = 12

function typeOf(schema: unknown, root: unknown, depth: number): CelType {
  if (!isObject(schema) || depth > maxDepth) return 'dyn'
  if (typeof schema['$ref'] === 'string') return typeOf(resolve(schema['$ref'], root), root, depth + 1)
  if ('const' in schema) return typeOfValues([schema['const']])
  if (Array.isArray(schema['enum'])) return typeOfValues(schema['enum'])
  const properties = schema['properties']
  switch (schema['type'] ?? (isObject(properties) ? 'object' : undefined)) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'number':
    case 'integer':
      return 'double'
    case 'array':
      return { list: typeOf(schema['items'], root, depth + 1) }
    case 'object': {
      const open = schema['additionalProperties'] !== undefined && schema['additionalProperties'] !== false
      if (!isObject(properties) || open || combined.some((word) => word in schema)) return 'map<string, dyn>'
      return {
        fields: Object.fromEntries(
          Object.entries(properties).map(([name, inner]) => [name, typeOf(inner, root, depth + 1)]),
        ),
      }
    }
    default:
      return 'dyn'
  }
}

/** With one of these an object may have fields that its `properties` do not name. */
const combined = ['allOf', 'anyOf', 'oneOf', 'patternProperties', 'if']

function typeOfValues(values: readonly unknown[]): CelType {
  const kinds = new Set(values.map((value) => typeof value))
  if (kinds.size !== 1) return 'dyn'
  const [kind] = kinds
  return kind === 'string' ? 'string' : kind === 'boolean' ? 'bool' : kind === 'number' ? 'double' : 'dyn'
}

/** What a reference inside of the document leads to. */
function resolve(reference: string, root: unknown): unknown {
  if (!reference.startsWith('#')) return undefined
  return reference
    .slice(1)
    .split('/')
    .filter((part) => part !== '')
    .reduce<unknown>((at, part) => {
      const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
      return isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
    }, root)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Makes a type known to an environment; answers its name there. */
export function declare(environment: Environment, type: CelType, name = 'Data'): string {
  if (typeof type === 'string') return type
  if ('list' in type) return `list<${declare(environment, type.list, `${name}Item`)}>`
  const fields = Object.fromEntries(
    Object.entries(type.fields).map(([field, inner], index) => [
      field,
      declare(environment, inner, `${name}${index}`),
    ]),
  )
  environment.registerType({ name, fields, convert: (value: unknown) => value })
  return name
}

/** The type of a field, by path; `undefined` when it is not there. */
export function fieldType(type: CelType, path: readonly string[]): CelType | undefined {
  const [name, ...rest] = path
  if (name === undefined) return type
  if (type === 'dyn' || type === 'map<string, dyn>') return 'dyn'
  if (typeof type === 'string' || 'list' in type) return undefined
  const inner = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
  return inner === undefined ? undefined : fieldType(inner, rest)
}

/** The names that `declare` gives. */
export function namedTypes(
  type: CelType,
  name = 'Data',
  found = new Map<string, CelType>(),
): Map<string, CelType> {
  if (typeof type === 'string') return found
  if ('list' in type) return namedTypes(type.list, `${name}Item`, found)
  found.set(name, type)
  Object.values(type.fields).forEach((inner, index) => namedTypes(inner, `${name}${index}`, found))
  return found
}
