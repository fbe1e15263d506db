import type { Key } from '../../topology/step-options.ts'
import { celText } from '../cel-text.ts'
import { duration, object, required } from '../shape.ts'
import { type StepKind, passing, stepKind } from '../step-kind.ts'

const keyText = celText('a CEL expression that gives a text, a number or a bool')

/** Steps that go by a key. */
export const keyKinds: Readonly<Record<string, StepKind>> = {
  dedupe: stepKind({
    about: 'Drops elements whose key came before within that time (idempotent consumer).',
    shape: object('an object such as { by: event.id, within: 1h }', {
      by: required(keyText, 'The key, in CEL.'),
      within: required(duration, 'How long a key is remembered.'),
    }),
    example: '- dedupe: { by: event.id, within: 1h }',
    build(flow, { by, within }, step) {
      const key = step.compile(by, flow.scope, 'key').evaluate as (value: unknown) => Key
      return passing(flow, flow.stream.dedupe({ ...step.options, by: key, within }))
    },
  }),
  keyBy: stepKind({
    about:
      'Elements of one key go to one task, in order. Windows and all that keeps state by key come after it.',
    shape: keyText,
    example: '- keyBy: event.data.customer',
    build: (flow, cel, step) =>
      passing(
        flow,
        flow.stream.keyBy(
          step.compile(cel, flow.scope, 'key').evaluate as (value: unknown) => Key,
          step.options,
        ),
      ),
  }),
}
