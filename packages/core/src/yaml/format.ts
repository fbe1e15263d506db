/**
 * The format of topology files: one table of shapes, which reads them and gives the JSON Schema for editors.
 *
 * @module
 */
import { type BranchText, branchFields } from './branch.ts'
import { testShape } from './file-tests.ts'
import { elementKinds } from './kinds/elements.ts'
import { groupKinds } from './kinds/groups.ts'
import { joinKinds } from './kinds/joins.ts'
import { keyKinds } from './kinds/keys.ts'
import { talkKinds } from './kinds/talk.ts'
import { timeKinds } from './kinds/time.ts'
import { wayKinds } from './kinds/ways.ts'
import { windowKinds } from './kinds/windows.ts'
import { type OutputKind, outputShape, topicName } from './output.ts'
import {
  type JsonObject,
  type Read,
  type Shape,
  duration,
  either,
  field,
  flag,
  later,
  list,
  literal,
  located,
  mapped,
  object,
  oneOf,
  record,
  required,
  size,
  text,
  wholeNumber,
} from './shape.ts'
import type { StepKind } from './step-kind.ts'
import { componentName, retryShape } from './step-options.ts'
import { type StepText, stepShape } from './steps.ts'
import { templateSchema } from './template.ts'

const input = object('an object such as { topic: orders }', {
  topic: required(topicName, 'The topic whose events come in.'),
  name: field(componentName, 'Its id in the plan. Default: from- and the topic.'),
  parallelism: field(wholeNumber(1), 'Tasks. Default 1.'),
})
const oneInput = located(
  either<Read<typeof input>>(
    mapped(topicName, (topic) => ({ topic })),
    input,
  ),
)

const topicSettings = object('an object such as { partitions: 8, retention: 7d }', {
  partitions: field(wholeNumber(1), 'How many it is made with.'),
  retention: field(duration, 'What is older goes. Default: nothing does.'),
  retentionBytes: field(size, 'What is beyond this size in each partition goes, oldest first.'),
  compaction: field(flag, 'Keep only the last event of each partition key.'),
  schema: field(
    located(literal),
    "JSON Schema of the events' data, or the path of a file with it: expressions are checked by it.",
  ),
})

/** The format with the outputs that there are. */
export function topologyFormat(outputs: Readonly<Record<string, OutputKind>>) {
  const steps: Shape<readonly StepText[]> = later('steps', 'a list of steps', () => list(step))
  const branch: Shape<BranchText> = later(
    'branch',
    'an object such as { steps: […], to: orders.large }',
    () => branchShape,
  )
  const output = outputShape(outputs)
  const fields = branchFields(steps, {
    ...output,
    schema: { $ref: '#/$defs/output' },
  })
  const branchShape = object('an object such as { steps: […], to: orders.large }', fields)
  const kinds: Readonly<Record<string, StepKind>> = {
    ...elementKinds,
    ...keyKinds,
    ...windowKinds(branch),
    ...joinKinds(steps),
    ...groupKinds(steps),
    ...timeKinds,
    ...talkKinds,
    ...wayKinds(fields, branch),
  }
  const step = stepShape(kinds, branch)

  const file = object('a topology', {
    topology: required(
      located(text("a name of letters, digits, '.', '_' and '-'", /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/)),
      'Its name.',
    ),
    about: field(text(), 'What it is for, for people.'),
    guarantee: field(oneOf('at-least-once', 'exactly-once'), 'Default at-least-once.'),
    maxPending: field(wholeNumber(1), 'How many input events may be unfinished. Default 5000.'),
    messageTimeout: field(duration, 'A tuple tree that takes longer fails and is replayed. Default 30s.'),
    commitInterval: field(duration, 'How often it commits. Default 50ms.'),
    maxOutOfOrder: field(
      duration,
      'How much older than the newest an event may be without being late. Default 0.',
    ),
    idleAfter: field(duration, 'A source silent for this long no longer holds event time back. Default 10s.'),
    deadLetters: field(topicName, 'Topic of the events that failed for good. Default NAME.dead-letters.'),
    topics: field(
      record(topicSettings, { name: /^[A-Za-z0-9._-]{1,249}$/, what: "a topic's name" }),
      'Settings and schemas of topics, by name.',
    ),
    from: required(
      either(
        mapped(oneInput, (one): readonly Read<typeof oneInput>[] => [one]),
        list(oneInput, { least: 1 }),
      ),
      'Where events come from: a topic, or a list of them.',
    ),
    ...fields,
    tests: field(list(located(testShape)), 'What has to come out; run by heddle test.'),
  })

  const schema: JsonObject = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Heddle topology',
    ...file.schema,
    $defs: {
      steps: { type: 'array', items: step.schema },
      branch: branchShape.schema,
      output: output.schema,
      retry: retryShape.schema,
      template: templateSchema,
    },
  }
  return {
    file,
    kinds,
    schema,
  }
}

export type TopologyFormat = ReturnType<typeof topologyFormat>
