import type { CelType } from '../../cel/types.ts'
import {
  type Emission,
  type Window,
  global,
  hopping,
  session,
  sliding,
  tumbling,
} from '../../topology/window.ts'
import type { BranchText } from '../branch.ts'
import { type CelText, celText } from '../cel-text.ts'
import { elementType, valueScope } from '../scope.ts'
import {
  type Read,
  type Shape,
  duration,
  either,
  field,
  mapped,
  object,
  oneOf,
  record,
  required,
  wholeNumber,
  yes,
} from '../shape.ts'
import { type Flow, type StepBuilding, type StepKind, stepKind } from '../step-kind.ts'
import { keyedStream } from './keyed.ts'

const numberText = celText('a CEL expression that gives a number')

const emission: Shape<Emission> = either(
  mapped(oneOf('final', 'updates'), (word): Emission => word),
  mapped(
    object('an object such as { early: 10s }', { early: required(duration, 'How often by the clock.') }),
    (early): Emission => early,
  ),
)

const windowFields = {
  tumbling: field(duration, 'Windows of this size, one after the other.'),
  hopping: field(duration, "Windows of this size that overlap; with 'advance'."),
  advance: field(duration, 'How far apart hopping windows begin.'),
  sliding: field(duration, 'For each element, those of its key in this time up to it.'),
  session: field(duration, 'Windows of activity, with gaps shorter than this.'),
  global: field(
    either<number | `${number}s`>(wholeNumber(1), duration as Shape<`${number}s`>),
    'One window without end; a result every so many elements, or that often.',
  ),
  grace: field(duration, 'How long after its end a window still takes late events. Default 0.'),
  emit: field(emission, 'When there are results: final (default), updates, or { early: 10s }.'),
  time: field(oneOf('event', 'processing'), 'By which time. Default event.'),
}

const foldable = {
  count: field(yes, 'How many elements.'),
  sum: field(numberText, 'The sum of a number of each.'),
  min: field(numberText, 'The least of a number of each.'),
  max: field(numberText, 'The greatest of a number of each.'),
}

const parts = object('an aggregation such as { count: true } or { sum: event.data.total }', foldable, {
  one: [['count', 'sum', 'min', 'max']],
})

const aggregations = {
  ...foldable,
  average: field(numberText, 'The mean of a number of each.'),
  collect: field(wholeNumber(1), 'All elements as a list; at most so many.'),
  fields: field(record(parts, { least: 1 }), 'Several of them, by names.'),
}

const shape = (branch: Shape<BranchText>) =>
  object(
    'an object such as { tumbling: 1m, count: true }',
    {
      ...windowFields,
      ...aggregations,
      onLate: field(branch, 'Where elements go that came too late. Default: dropped and counted.'),
    },
    {
      one: [
        ['tumbling', 'hopping', 'sliding', 'session', 'global'],
        ['count', 'sum', 'min', 'max', 'average', 'collect', 'fields'],
      ],
    },
  )

type Settings = Read<ReturnType<typeof shape>>

/** Windows of the elements of a key. */
export const windowKinds = (branch: Shape<BranchText>): Readonly<Record<string, StepKind>> => ({
  window: stepKind({
    about: 'Gathers the elements of each key in windows; each result has key, window (start, end) and value.',
    shape: shape(branch),
    example: `- keyBy: event.data.customer
- window: { tumbling: 1m, sum: event.data.total }`,
    build(flow, settings, step) {
      const { made, type } = gather(flow, settings, step)
      return {
        stream: made,
        scope: valueScope({
          fields: { key: 'dyn', window: { fields: { start: 'double', end: 'double' } }, value: type },
        }),
      }
    },
  }),
})

function windowOf({
  tumbling: size,
  hopping: hop,
  advance,
  sliding: slide,
  session: gap,
  global: every,
  ...options
}: Settings): Window {
  if (size !== undefined) return tumbling(size, options)
  if (hop !== undefined) {
    if (advance === undefined)
      throw new RangeError("hopping windows need 'advance': how far apart they begin")
    return hopping(hop, { ...options, advance })
  }
  if (slide !== undefined) return sliding(slide, options)
  if (gap !== undefined) return session(gap, options)
  return global({ every: every! })
}

function gather(flow: Flow, settings: Settings, step: StepBuilding): { made: Flow['stream']; type: CelType } {
  const { count, sum, min, max, average, collect, fields, onLate } = settings
  const windows = keyedStream(flow).window(windowOf(settings))
  const options = {
    ...step.options,
    ...(onLate && { onLate: (stream: Flow['stream']) => step.branch({ ...flow, stream }, onLate) }),
  }
  const of = (cel: CelText): ((element: unknown) => number) => numberOf(cel, flow, step)
  if (count) return { made: windows.count(options), type: 'double' }
  if (sum) return { made: windows.sum(of(sum), options), type: 'double' }
  if (min) return { made: windows.min(of(min), options), type: 'double' }
  if (max) return { made: windows.max(of(max), options), type: 'double' }
  if (average) return { made: windows.average(of(average), options), type: 'double' }
  if (collect !== undefined)
    return { made: windows.collect({ ...options, limit: collect }), type: { list: elementType(flow.scope) } }

  const folds = [...fields!].map(([name, { value }]) => [name, foldOf(value, of)] as const)
  type Row = Readonly<Record<string, number | null>>
  const made = windows.aggregate<Row>(
    () => Object.fromEntries(folds.map(([name, { empty }]) => [name, empty])),
    (row, element) =>
      Object.fromEntries(
        folds.map(([name, { of: value, join }]) => [name, join(row[name]!, value(element))]),
      ),
    {
      ...options,
      merge: (a, b) => Object.fromEntries(folds.map(([name, { join }]) => [name, join(a[name]!, b[name]!)])),
    },
  )
  return { made, type: { fields: Object.fromEntries(folds.map(([name]) => [name, 'double' as const])) } }
}

const numberOf = (cel: CelText, { scope }: Flow, step: StepBuilding): ((element: unknown) => number) =>
  step.compile(cel, scope, 'number').evaluate as (element: unknown) => number

interface Fold {
  /** Of no elements; JSON has no infinity. */
  readonly empty: number | null
  readonly of: (element: unknown) => number
  readonly join: (a: number | null, b: number | null) => number | null
}

function foldOf({ count, sum, min, max }: Read<typeof parts>, of: (cel: CelText) => Fold['of']): Fold {
  if (count) return { empty: 0, of: () => 1, join: add }
  if (sum) return { empty: 0, of: of(sum), join: add }
  const choose =
    (pick: (a: number, b: number) => number): Fold['join'] =>
    (a, b) =>
      a === null ? b : b === null ? a : pick(a, b)
  return { empty: null, of: of((min ?? max)!), join: choose(min ? Math.min : Math.max) }
}

const add: Fold['join'] = (a, b) => (a ?? 0) + (b ?? 0)
