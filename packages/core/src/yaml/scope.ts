import type { CelScope } from '../cel/environment.ts'
import { type CelType, eventType, fieldType, namedTypes } from '../cel/types.ts'

/** Elements of which nothing is known but that they are events. */
export const eventScope = (data: CelType = 'dyn'): CelScope => ({ element: 'event', type: data })

/** Elements that are not events. */
export const valueScope = (type: CelType): CelScope => ({ element: 'value', type })

/** Elements of which nothing is known, since what they come from is wrong. */
export const unknownScope: CelScope = { element: 'any', type: 'dyn' }

/** The type of an element, as a part of something else. */
export const elementType = ({ element, type }: CelScope): CelType =>
  element === 'event' ? eventType(type) : element === 'value' ? type : 'dyn'

const path = /^\s*(event|value)((?:\.\w+)*)\s*$/

/** The type of what an expression gives; `name` is what CEL calls it. */
export function typeOfExpression(text: string, name: string, scope: CelScope): CelType {
  const [, root, rest = ''] = path.exec(text) ?? []
  if (root !== undefined) return fieldType(elementType(scope), rest.split('.').slice(1)) ?? 'dyn'
  return typeNamed(name, namedTypes(scope.type))
}

function typeNamed(name: string, named: ReadonlyMap<string, CelType>): CelType {
  switch (name) {
    case 'string':
    case 'bool':
    case 'double':
      return name
    case 'int':
    case 'uint':
      return 'double'
    default: {
      const item = /^list<(.+)>$/.exec(name)?.[1]
      return item === undefined ? (named.get(name) ?? 'dyn') : { list: typeNamed(item, named) }
    }
  }
}

/** The type of the items of a list. */
export const itemType = (type: CelType): CelType =>
  typeof type === 'object' && 'list' in type ? type.list : 'dyn'
