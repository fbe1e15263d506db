import type { EventInit } from '../event/event.ts'
import { didYouMean } from '../plan/check.ts'
import type { Json } from '../plan/plan.ts'
import type { Duration } from '../units.ts'
import { topicName } from './output.ts'
import type { Reader } from './reader.ts'
import { rangeOf } from './reader.ts'
import {
  type Located,
  type Read,
  type Shape,
  duration,
  field,
  list,
  literal,
  located,
  object,
  record,
  required,
  text,
} from './shape.ts'

/** What has to be somewhere. */
export interface Expectation {
  /** `topic orders.large`, `http` or `dead letters`. */
  readonly where: { readonly topic: string } | { readonly output: string } | 'dead-letters'
  /** What each event has to have, in order; it may have more. */
  readonly events: readonly Json[]
  /** File, line and column of it. */
  readonly place: string
}

/** One thing after the other: publish, let time go by, expect. */
export interface TestPart {
  readonly publish: readonly { readonly topic: string; readonly events: readonly Partial<EventInit>[] }[]
  readonly advance: Duration
  readonly expect: readonly Expectation[]
}

/** A test that stands in a topology file. */
export interface FileTest {
  readonly name: string
  readonly place: string
  readonly parts: readonly TestPart[]
}

const eventShape = object('an event such as { type: order, data: { total: 120 } }', {
  type: field(text(), 'Default test.'),
  id: field(text(), 'Default: a number that counts up.'),
  source: field(text(), 'Default /test.'),
  subject: field(text(), 'What it is about.'),
  time: field(
    text('a time such as 2026-01-01T00:00:00Z', /^\d{4}-\d\d-\d\d[Tt ]/),
    'Default: the clock of the test, which begins with 2026.',
  ),
  partitionkey: field(text(), 'Events with the same key stay in order.'),
  datacontenttype: field(text(), 'Media type of the data; JSON when absent.'),
  dataschema: field(text(), 'Where the schema of the data is.'),
  traceparent: field(text(), 'W3C trace context.'),
  extensions: field(record(literal as Shape<string>), 'Other attributes.'),
  data: field(literal, 'The data.'),
})

const expected = list(literal)

const partFields = {
  publish: field(
    record(list(eventShape, { least: 1 }), { name: topicOf(), what: "a topic's name" }),
    'Events by topic.',
  ),
  advance: field(
    duration,
    'How much time goes by then; 1s by default, so that what is done at once is done.',
  ),
  expect: field(
    record(expected, { name: topicOf(), what: "a topic's name" }),
    'All events of a topic so far, in order; each has at least what stands here.',
  ),
  sent: field(record(expected), 'The same of what went to outputs of a kind, such as http.'),
  deadLetters: field(located(expected), 'The same of the dead letters.'),
}

function topicOf(): RegExp {
  return new RegExp(topicName.schema['pattern'] as string)
}

const partShape = object('an object with publish, advance and expect', partFields)
export const testShape = object('a test with a name, publish and expect', {
  name: required(text(), 'What is so, in a sentence.'),
  ...partFields,
  next: field(list(partShape), 'What comes after that, in order.'),
})

/** A test as the file has it. */
export function fileTest({ value, node }: Located<Read<typeof testShape>>, reader: Reader): FileTest {
  const { name, next = [], ...first } = value
  const place = reader.source.place(rangeOf(node)[0])
  return { name, place, parts: [first, ...next].map((part) => testPart(part, reader)) }
}

function testPart(
  { publish, advance = '1s', expect, sent, deadLetters }: Read<typeof partShape>,
  reader: Reader,
): TestPart {
  const at = ({ node }: Located<unknown>): string => reader.source.place(rangeOf(node)[0])
  return {
    publish: [...(publish ?? [])].map(([topic, { value }]) => ({ topic, events: value.map(eventInit) })),
    advance,
    expect: [
      ...[...(expect ?? [])].map(([topic, found]) => ({
        where: { topic },
        events: found.value,
        place: at(found),
      })),
      ...[...(sent ?? [])].map(([output, found]) => ({
        where: { output },
        events: found.value,
        place: at(found),
      })),
      ...(deadLetters
        ? [{ where: 'dead-letters' as const, events: deadLetters.value, place: at(deadLetters) }]
        : []),
    ],
  }
}

function eventInit({ extensions, ...init }: Read<typeof eventShape>): Partial<EventInit> {
  if (!extensions) return init
  return {
    ...init,
    extensions: Object.fromEntries([...extensions].map(([name, { value }]) => [name, value])),
  }
}

/** Tells of names in a test that the topology does not have: what is expected there would come or not for no reason. */
export function checkNames(
  { value: { next = [], ...first } }: Located<Read<typeof testShape>>,
  used: { readonly topics: ReadonlySet<string>; readonly outputs: ReadonlySet<string> },
  reader: Reader,
): void {
  const check = (
    names: ReadonlyMap<string, Located<unknown>> | undefined,
    known: ReadonlySet<string>,
    what: string,
  ): void => {
    for (const [each, { node }] of names ?? [])
      if (!known.has(each))
        reader.mistake(node, `the topology has no ${what} '${each}'${didYouMean(each, known)}`)
  }
  for (const { publish, expect, sent } of [first, ...next]) {
    check(publish, used.topics, 'topic')
    check(expect, used.topics, 'topic')
    check(sent, used.outputs, 'output')
  }
}
