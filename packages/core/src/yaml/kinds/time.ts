import type { Key } from '../../topology/step-options.ts'
import type { Duration } from '../../units.ts'
import { type CelText, celText } from '../cel-text.ts'
import { elementType, valueScope } from '../scope.ts'
import { duration, either, field, flag, mapped, number, object, required, wholeNumber } from '../shape.ts'
import { type Flow, type StepBuilding, type StepKind, passing, stepKind } from '../step-kind.ts'

const keyText = celText('a CEL expression that gives a text, a number or a bool')
const numberText = celText('a CEL expression that gives a number')

type KeyOf = (value: unknown) => Key
const keyOf = (cel: CelText, { scope }: Flow, step: StepBuilding): KeyOf =>
  step.compile(cel, scope, 'key').evaluate as KeyOf
const numberOf = (cel: CelText, { scope }: Flow, step: StepBuilding): ((value: unknown) => number) =>
  step.compile(cel, scope, 'number').evaluate as (value: unknown) => number

const limit = field(wholeNumber(1), 'Most elements that may wait; one beyond that fails.')
interface Delay {
  readonly for?: Duration
  readonly ms?: CelText
  readonly limit?: number
}

/** Steps that hold elements for a time, choose some of them, or put them in order. */
export const timeKinds: Readonly<Record<string, StepKind>> = {
  delay: stepKind({
    about: 'Holds each element for a time, by the clock: durably, for as long as need be.',
    shape: either<Delay>(
      mapped(duration, (time) => ({ for: time })),
      object(
        'an object such as { for: 10m } or { ms: event.data.wait }',
        {
          for: field(duration, 'How long.'),
          ms: field(numberText, 'How many milliseconds, in CEL.'),
          limit,
        },
        { one: [['for', 'ms']] },
      ),
    ),
    example: '- delay: 10m',
    build(flow, { for: time, ms, ...waiting }, step) {
      const options = { ...step.options, ...waiting }
      return passing(flow, flow.stream.delay(ms ? numberOf(ms, flow, step) : time!, options))
    },
  }),
  throttle: stepKind({
    about: 'No more than so many elements in a time; those beyond it wait, in order.',
    shape: object('an object such as { rate: 100, per: 1s }', {
      rate: required(number(0), 'How many.'),
      per: field(duration, 'In which time. Default 1s.'),
      by: field(keyText, 'The rate is for each key by itself. Default: for all together.'),
      drop: field(flag, 'Elements beyond the rate are dropped, instead of waiting.'),
      limit,
    }),
    example: '- throttle: { rate: 100, per: 1s, by: event.data.customer }',
    build(flow, { by, ...options }, step) {
      const key = by && { by: keyOf(by, flow, step) }
      return passing(flow, flow.stream.throttle({ ...step.options, ...options, ...key }))
    },
  }),
  debounce: stepKind({
    about: 'The last element of each key, when nothing has come for it in so long by the clock.',
    shape: object('an object such as { by: event.subject, quiet: 5s }', {
      by: required(keyText, 'The key, in CEL.'),
      quiet: required(duration, 'How long it has to be quiet.'),
    }),
    example: '- debounce: { by: event.subject, quiet: 5s }',
    build: (flow, { by, quiet }, step) =>
      passing(flow, flow.stream.debounce(quiet, { ...step.options, by: keyOf(by, flow, step) })),
  }),
  batch: stepKind({
    about: 'Elements together, as a list: as many as there are, or as have come when time is up.',
    shape: object('an object such as { count: 100, within: 1s }', {
      count: field(wholeNumber(1), 'Most elements of a batch. Default 100.'),
      within: field(duration, 'How long a batch waits for more, by the clock. Default 1s.'),
    }),
    example: `- batch: { count: 100, within: 5s }
- map: { orders: "value.map(order, order.data.id)" }`,
    build: (flow, options, step) => ({
      stream: flow.stream.batch({ ...step.options, ...options }),
      scope: valueScope({ list: elementType(flow.scope) }),
    }),
  }),
  sample: stepKind({
    about: 'Some of the elements: one of so many, a share of the keys, or the first in each time.',
    shape: object(
      'an object such as { every: 10 }, { share: 0.1, by: event.subject } or { per: 1m }',
      {
        every: field(wholeNumber(1), 'One of so many.'),
        share: field(number(0, 1), "A share of the keys; with 'by'."),
        per: field(duration, 'The first in each such time.'),
        by: field(keyText, 'The key, in CEL.'),
      },
      { one: [['every', 'share', 'per']] },
    ),
    example: '- sample: { share: 0.01, by: event.subject }',
    build(flow, { every, share, per, by }, step) {
      const key = by && keyOf(by, flow, step)
      if (share !== undefined && !key) throw new RangeError("a share is of keys: say by which with 'by'")
      const how =
        every !== undefined
          ? { every }
          : share !== undefined
            ? { share, by: key! }
            : { per: per!, ...(key && { by: key }) }
      return passing(flow, flow.stream.sample({ ...step.options, ...how }))
    },
  }),
  resequence: stepKind({
    about: 'Elements that are numbered come out in the order of their numbers.',
    shape: object('an object such as { by: event.subject, sequence: event.data.number }', {
      by: required(keyText, 'Which elements are numbered together.'),
      sequence: required(numberText, 'The number of an element.'),
      first: field(wholeNumber(0), 'The first number. Default 0.'),
      timeout: field(duration, 'How long to wait for a number that is missing. Default: for ever.'),
      limit,
    }),
    example: '- resequence: { by: event.subject, sequence: event.data.number, timeout: 1m }',
    build: (flow, { by, sequence, ...options }, step) =>
      passing(
        flow,
        flow.stream.resequence({
          ...step.options,
          ...options,
          by: keyOf(by, flow, step),
          sequence: numberOf(sequence, flow, step),
        }),
      ),
  }),
}
