import { type Node, isMap } from 'yaml'
import { didYouMean } from '../plan/check.ts'
import type { BranchText } from './branch.ts'
import { kindOf } from './reader.ts'
import { unknownScope } from './scope.ts'
import { type Shape, entriesOf, literal, readFields, schemaOf } from './shape.ts'
import type { StepKind } from './step-kind.ts'
import { type StepOptionText, stepOptionFields } from './step-options.ts'

/** One step, as a file has it. */
export interface StepText {
  readonly kind: StepKind
  readonly value: unknown
  readonly options: StepOptionText
  readonly node: Node
}

/** In place of a step that is wrong: nothing is known of what would have come out of it. */
const unknownKind: StepKind = {
  about: '',
  shape: literal,
  example: '',
  build: ({ stream }) => ({ stream, scope: unknownScope }),
}

/** A step of one of the kinds: the word of the kind with its settings, and beside it the options that every step has. */
export function stepShape(
  kinds: Readonly<Record<string, StepKind>>,
  branch: Shape<BranchText>,
): Shape<StepText> {
  const options = stepOptionFields(branch)
  const words = Object.keys(kinds)
  const shape: Shape<StepText> = {
    what: 'a step such as filter: event.data.total > 100',
    schema: {
      anyOf: Object.entries(kinds).map(([word, kind]) => ({
        type: 'object',
        description: kind.about,
        properties: schemaOf({ [word]: kind, ...options }),
        required: [word],
        additionalProperties: false,
      })),
    },
    takes: isMap,
    read(node, reader) {
      if (!isMap(node)) {
        reader.mistake(node, `this is ${kindOf(node)}; it must be ${shape.what}`)
        return undefined
      }
      const entries = entriesOf(node, reader)
      const named = entries.filter(([name]) => Object.hasOwn(kinds, name))
      if (named.length !== 1) {
        const unknown = entries.find(([name]) => !(name in options) && !Object.hasOwn(kinds, name))
        const message =
          named.length > 1
            ? `one step cannot be both '${named[0]![0]}' and '${named[1]![0]}': begin the second with '- '`
            : unknown
              ? `there is no step '${unknown[0]}'${didYouMean(unknown[0], words)}`
              : `what kind of step is it? There are ${words.map((word) => `'${word}'`).join(', ')}`
        reader.mistake(named[1]?.[1] ?? unknown?.[1] ?? node, message)
        return { kind: unknownKind, value: undefined, options: {}, node }
      }
      const [word, keyNode] = named[0]!
      const kind = kinds[word]!
      const read: Record<string, unknown> | undefined = readFields({ [word]: kind, ...options }, node, reader)
      const { [word]: value, ...rest } = read ?? {}
      if (value === undefined) return { kind: unknownKind, value, options: {}, node: keyNode }
      return { kind, value, options: rest, node: keyNode }
    },
  }
  return shape
}
