import type { Key } from '../../topology/step-options.ts'
import { celText } from '../cel-text.ts'
import { topicName } from '../output.ts'
import { elementType, valueScope } from '../scope.ts'
import { type Shape, duration, either, field, mapped, object, oneOf, required } from '../shape.ts'
import { type StepKind, stepKind } from '../step-kind.ts'
import type { StepText } from '../steps.ts'
import { keyedStream } from './keyed.ts'

const key = celText('a CEL expression that gives a text, a number or a bool')
const sides = 'Which elements give results without the other side. Default inner: none.'

/** Steps that bring two streams of one key together. */
export const joinKinds = (steps: Shape<readonly StepText[]>): Readonly<Record<string, StepKind>> => ({
  join: stepKind({
    about:
      'Pairs with elements of another topic that have the same key and are near in event time: { left, right }.',
    shape: object('an object such as { with: { from: payments, keyBy: event.data.order }, within: 10m }', {
      with: required(
        object('an object such as { from: payments, keyBy: event.data.order }', {
          from: required(topicName, 'The topic of the other side.'),
          steps: field(steps, 'What is done with its events before.'),
          keyBy: required(key, 'The key of its elements.'),
        }),
        'The other side.',
      ),
      within: required(duration, 'How far apart in event time two elements may be.'),
      grace: field(duration, 'How much longer elements are kept for late ones of the other side. Default 0.'),
      type: field(oneOf('inner', 'left', 'outer'), sides),
    }),
    example: `- keyBy: event.data.order
- join: { with: { from: payments, keyBy: event.data.order }, within: 10m }
- map: { order: value.left.data.order, paid: value.right.data.amount }`,
    build(flow, { with: other, type = 'inner', ...times }, step) {
      const left = keyedStream(flow)
      const from = step.steps(step.sources.stream(other.from), other.steps ?? [])
      const by = step.compile(other.keyBy, from.scope, 'key').evaluate as (value: unknown) => Key
      const options = { ...step.options, ...times, type: type as 'outer' }
      const stream = left.join(from.stream.keyBy(by), pair, options)
      return {
        stream,
        scope: valueScope({ fields: { left: elementType(flow.scope), right: elementType(from.scope) } }),
      }
    },
  }),
  joinTable: stepKind({
    about: 'Each element with the row that a table has for its key: { left, right }, where right is the row.',
    shape: object('an object such as { table: customers }', {
      table: required(
        either<{ readonly from: string; readonly keyBy?: Read }>(
          mapped(topicName, (from) => ({ from })),
          object('an object such as { from: customers, keyBy: event.data.id }', {
            from: required(topicName, 'The topic with the rows; make it compacted.'),
            keyBy: field(key, "The key of a row. Default: the events' partitionkey."),
          }),
        ),
        'The last data of each key of a topic.',
      ),
      type: field(oneOf('inner', 'left'), 'With left, elements without a row come too. Default inner.'),
    }),
    example: `- keyBy: event.data.customer
- joinTable: { table: customers, type: left }
- map: { total: value.left.data.total, name: "has(value.right) ? value.right.name : 'unknown'" }`,
    build(flow, { table: { from, keyBy }, type = 'inner' }, step) {
      const left = keyedStream(flow)
      const scope = step.sources.scope(from)
      const by = keyBy && (step.compile(keyBy, scope, 'key').evaluate as (value: unknown) => Key)
      const stream = left.joinTable(step.sources.table(from, by), pair, {
        ...step.options,
        type: type as 'left',
      })
      return {
        stream,
        scope: valueScope({
          fields: { left: elementType(flow.scope), right: scope.type },
        }),
      }
    },
  }),
})

type Read = ReturnType<typeof key.read> & {}

/** A side that is not there has no field, so that has() tells. */
const pair = (left: unknown, right: unknown): unknown => ({
  ...(left !== undefined && { left }),
  ...(right !== undefined && { right }),
})
