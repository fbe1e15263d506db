import type { CelType } from '../../cel/types.ts'
import type { Key } from '../../topology/step-options.ts'
import type { Stream } from '../../topology/stream.ts'
import { type CelText, celText } from '../cel-text.ts'
import { elementType, itemType, typeOfExpression, valueScope } from '../scope.ts'
import {
  type Shape,
  duration,
  either,
  field,
  literal,
  mapped,
  object,
  record,
  required,
  wholeNumber,
} from '../shape.ts'
import { type StepKind, stepKind } from '../step-kind.ts'
import type { StepText } from '../steps.ts'
import { compileTemplate, template } from '../template.ts'
import { keyedStream } from './keyed.ts'

const listText = celText('a CEL expression that gives a list')
const conditionText = celText('a condition in CEL')
interface Until {
  readonly count?: number
  readonly condition?: CelText
}

/** Steps that take elements apart, and bring together what belongs together. */
export const groupKinds = (steps: Shape<readonly StepText[]>): Readonly<Record<string, StepKind>> => ({
  split: stepKind({
    about:
      'Splitter: the items of a list become elements that know where they belong: part, group, index and size.',
    shape: listText,
    example: `- split: event.data.lines
- set: { part.total: value.part.price * value.part.count }
- gatherParts: {}`,
    build(flow, cel, step) {
      const { type, evaluate } = step.compile(cel, flow.scope, 'list')
      const part = itemType(typeOfExpression(cel.text, type, flow.scope))
      return {
        stream: flow.stream.split(evaluate as (value: unknown) => unknown[], step.options),
        scope: valueScope({ fields: { part, group: 'string', index: 'double', size: 'double' } }),
      }
    },
  }),
  gatherParts: stepKind({
    about: 'Brings the parts of a split together again, in their order, as a list.',
    shape: object('an object such as { timeout: 1m }, or {}', {
      timeout: field(duration, 'What is missing then is left out. Default: it waits for ever.'),
    }),
    example: `- split: event.data.lines
- gatherParts: { timeout: 1m }`,
    build(flow, options, step) {
      const { type } = flow.scope
      const part: CelType =
        typeof type === 'object' && 'fields' in type ? (type.fields['part'] ?? 'dyn') : 'dyn'
      return {
        stream: flow.stream.gatherParts({ ...step.options, ...options }),
        scope: valueScope({ list: part }),
      }
    },
  }),
  gather: stepKind({
    about:
      'Aggregator: waits until all elements that belong together are there: { key, elements, complete }.',
    shape: object('an object such as { by: event.data.order, until: 3, timeout: 1m }', {
      by: required(
        celText('a CEL expression that gives a text, a number or a bool'),
        'Which belong together.',
      ),
      until: required(
        either<Until>(
          { ...mapped(wholeNumber(1), (count) => ({ count })), takes: isNumber },
          mapped(conditionText, (condition) => ({ condition })),
        ),
        'All are there: how many, or a condition over the list of them, which is called value.',
      ),
      timeout: field(duration, 'After this long what is there is all. Default: it waits for ever.'),
      limit: field(wholeNumber(1), 'Most elements of a group. Default 10000.'),
    }),
    example: `- gather: { by: event.data.order, until: "value.exists(e, e.type == 'paid')", timeout: 1h }
- map: { order: value.key, events: size(value.elements), complete: value.complete }`,
    build(flow, { by, until, ...options }, step) {
      const elements: CelType = { list: elementType(flow.scope) }
      const key = step.compile(by, flow.scope, 'key').evaluate as (value: unknown) => Key
      const done =
        until.count ??
        (step.compile(until.condition!, valueScope(elements), 'bool').evaluate as (value: unknown) => boolean)
      return {
        stream: flow.stream.gather({ ...step.options, ...options, by: key, until: done }),
        scope: valueScope({ fields: { key: 'dyn', elements, complete: 'bool' } }),
      }
    },
  }),
  scatterGather: stepKind({
    about:
      'A copy of each element goes to every branch, and what they give comes together: { element, answers }.',
    shape: object('an object such as { branches: { a: […], b: […] } }', {
      branches: required(record(steps, { least: 1 }), 'The steps of each branch, by name.'),
      timeout: field(duration, 'How long to wait for the branches. Default 10s.'),
    }),
    example: `- scatterGather:
    branches:
      net: [{ map: event.data.total }]
      gross: [{ map: event.data.total * 1.19 }]
- map: { id: value.element.id, net: value.answers.net, gross: value.answers.gross }`,
    build(flow, { branches, ...options }, step) {
      const types: Record<string, CelType> = {}
      const ways = Object.fromEntries(
        [...branches].map(([name, { value }]) => [
          name,
          (stream: Stream<unknown>): Stream<unknown> => {
            const out = step.steps({ ...flow, stream }, value)
            types[name] = elementType(out.scope)
            return out.stream
          },
        ]),
      )
      const stream = flow.stream.scatterGather(ways, (answers, element) => ({ element, answers }), {
        ...step.options,
        ...options,
      })
      return {
        stream,
        scope: valueScope({ fields: { element: elementType(flow.scope), answers: { fields: types } } }),
      }
    },
  }),
  fold: stepKind({
    about: 'A value for each key that every element changes; each change is an element of the result.',
    shape: object('an object such as { start: 0, next: value.state + value.element.data.total }', {
      start: required(literal, 'The value of a key that has none yet.'),
      next: required(template, 'The value from then on, in CEL, of value.state and value.element.'),
      ttl: field(duration, 'A key that nothing came for in this long is forgotten. Default: never.'),
    }),
    example: `- keyBy: event.data.customer
- fold: { start: 0, next: value.state + value.element.data.total }`,
    build(flow, { start, next, ...options }, step) {
      const scope = valueScope({ fields: { state: 'dyn', element: elementType(flow.scope) } })
      const { type, evaluate } = compileTemplate(next, scope, step.reader)
      const stream = keyedStream(flow).fold<unknown>(
        () => start,
        (state, element) => evaluate({ state, element }),
        { ...step.options, ...options },
      )
      return { stream, scope: valueScope(type) }
    },
  }),
})

const isNumber: Shape<unknown>['takes'] = (node) =>
  typeof (node as { readonly value?: unknown } | null)?.value === 'number'
