import type { CelPredicate } from '../../cel/cel.ts'
import type { CelScope } from '../../cel/environment.ts'
import { HeddleError } from '../../errors.ts'
import { checkEvent, isEvent, knownAttributes } from '../../event/event.ts'
import { celText } from '../cel-text.ts'
import type { CelText } from '../cel-text.ts'
import { eventScope, itemType, typeOfExpression, valueScope } from '../scope.ts'
import { list, record, text } from '../shape.ts'
import { type StepBuilding, type StepKind, passing, stepKind } from '../step-kind.ts'
import { compileTemplate, template } from '../template.ts'

/** A condition, with its text, which goes into the plan. */
export const predicate = (step: StepBuilding, cel: CelText, scope: CelScope): CelPredicate =>
  Object.assign(step.compile(cel, scope, 'bool').evaluate as (value: unknown) => boolean, {
    cel: cel.text.trim(),
  })

/** An attribute, `data`, or a field somewhere in the data. */
const path = /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/
const pathWords = 'a field such as type, data.total or data.address.city'

/** Steps that look at one element after the other. */
export const elementKinds: Readonly<Record<string, StepKind>> = {
  filter: stepKind({
    about: 'Lets through what the condition is true for.',
    shape: celText('a condition in CEL'),
    example: "- filter: event.type != 'ping'",
    build: (flow, cel, step) =>
      passing(flow, flow.stream.filter(predicate(step, cel, flow.scope), step.options)),
  }),
  map: stepKind({
    about: 'Another element for each. What leaves for a topic becomes the data of a new event.',
    shape: template,
    example: '- map: { id: event.data.id, total: event.data.price * event.data.count, currency: "\'EUR\'" }',
    build(flow, made, step) {
      const { type, evaluate } = compileTemplate(made, flow.scope, step.reader)
      return { stream: flow.stream.map(evaluate, step.options), scope: valueScope(type) }
    },
  }),
  set: stepKind({
    about:
      'Changes attributes, or fields of the data, and leaves the rest as it is. Objects on the way are made.',
    shape: record(template, { name: path, what: pathWords, least: 1 }),
    example:
      '- set: { subject: event.data.id, data.total: event.data.total * 1.19, data.currency: "\'EUR\'" }',
    build(flow, fields, step) {
      const changes = [...fields].map(([name, { value, node }]) => {
        if (flow.scope.element === 'event') checkAttribute(name, step, node)
        return [name.split('.'), compileTemplate(value, flow.scope, step.reader).evaluate] as const
      })
      const set = (element: unknown): unknown =>
        checked(
          changes.reduce<unknown>((made, [at, evaluate]) => withField(made, at, evaluate(element)), element),
        )
      return {
        stream: flow.stream.map(set, step.options),
        scope: changedScope(flow.scope, [...fields.keys()]),
      }
    },
  }),
  remove: stepKind({
    about: 'Takes fields of the data, or optional attributes, away; those that are not there do not matter.',
    shape: list(text(pathWords, path), { least: 1 }),
    example: '- remove: [data.card, data.address.street]',
    build(flow, fields, step) {
      const paths = fields.map((name) => name.split('.'))
      const remove = (element: unknown): unknown =>
        checked(paths.reduce<unknown>((made, at) => withoutField(made, at), element))
      return { stream: flow.stream.map(remove, step.options), scope: changedScope(flow.scope, fields) }
    },
  }),
  flatMap: stepKind({
    about: 'Splits: each item of the list that the expression gives is an element of its own.',
    shape: celText('a CEL expression that gives a list'),
    example: '- flatMap: event.data.items',
    build(flow, cel, step) {
      const { type, evaluate } = step.compile(cel, flow.scope, 'list')
      const items = typeOfExpression(cel.text, type, flow.scope)
      return {
        stream: flow.stream.flatMap(evaluate as (value: unknown) => unknown[], step.options),
        scope: valueScope(itemType(items)),
      }
    },
  }),
}

/** What the data has after fields of it have changed is not followed. */
function changedScope(scope: CelScope, paths: readonly string[]): CelScope {
  if (scope.element !== 'event') return { ...scope, type: 'dyn' }
  return paths.some((path) => /^data\b/.test(path)) ? eventScope() : scope
}

function checkAttribute(name: string, step: StepBuilding, node: StepBuilding['node']): void {
  const [first] = name.split('.')
  if (first === 'data' || first === 'extensions' || (knownAttributes.has(first!) && first !== 'specversion'))
    return
  step.reader.mistake(
    node,
    `'${first}' is no attribute of events: fields of the data are written data.${name}, other extensions extensions.${name}`,
  )
}

/** A copy of an element with another value at a path. */
function withField(element: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  const before = typeof element === 'object' && element !== null && !Array.isArray(element) ? element : {}
  const inner = (before as Record<string, unknown>)[name!]
  return { ...before, [name!]: rest.length === 0 ? value : withField(inner, rest, value) }
}

function withoutField(element: unknown, [name, ...rest]: readonly string[]): unknown {
  if (typeof element !== 'object' || element === null || Array.isArray(element) || !((name ?? '') in element))
    return element
  const { [name!]: inner, ...others } = element as Record<string, unknown>
  return rest.length === 0 ? others : { ...others, [name!]: withoutField(inner, rest) }
}

/** An event has to be one still. */
function checked(element: unknown): unknown {
  if (isEvent(element)) checkEvent(element)
  else if (typeof element === 'object' && element !== null && 'specversion' in element)
    throw new HeddleError('HEDDLE_EVENT_INVALID', 'id, source and type have to be texts')
  return element
}
