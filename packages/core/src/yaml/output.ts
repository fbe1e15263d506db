import type { SinkRef } from '../ports/sink.ts'
import { type Fields, type Shape, either, field, mapped, object, text, wholeNumber } from './shape.ts'
import { componentName } from './step-options.ts'

/** A way out other than topics, under the word that files have for it. */
export interface OutputKind<T = unknown> {
  readonly about: string
  readonly shape: Shape<T>
  readonly sink: (value: T) => SinkRef
}

/** A kind among others, whose values are its own business. */
export const outputKind = <T>(kind: OutputKind<T>): OutputKind => kind as OutputKind

/** Where a flow goes, as a file has it. */
export interface OutputText {
  readonly target: { readonly topic: string } | SinkRef
  readonly name?: string
  readonly parallelism?: number
}

export const topicName = text("a topic's name", /^[A-Za-z0-9._-]{1,249}$/)

const common = {
  name: field(componentName, 'Its id in the plan, in metrics and errors. Default: to- and where it goes.'),
  parallelism: field(wholeNumber(1), 'Tasks. Default 1.'),
}

/** A topic's name, or one of the kinds of outputs with its settings. */
export function outputShape(kinds: Readonly<Record<string, OutputKind>>): Shape<OutputText> {
  const topic = mapped(topicName, (name): OutputText => ({ target: { topic: name } }))
  const outputs: Fields = Object.fromEntries(
    Object.entries(kinds).map(([word, { shape, about }]) => [word, field(shape, about)]),
  )
  const settings: Shape<OutputText> = mapped(
    object<Fields>(
      `an object such as { topic: orders.large }${Object.keys(kinds)
        .map((word) => ` or { ${word}: … }`)
        .join('')}`,
      {
        topic: field(topicName, 'Events are appended to this topic.'),
        ...outputs,
        ...common,
      },
      { one: [['topic', ...Object.keys(kinds)]] },
    ),
    (value) => {
      const {
        name,
        parallelism,
        topic: to,
      } = value as { name?: string; parallelism?: number; topic?: string }
      const word = Object.keys(kinds).find((each) => each in value)
      return {
        target:
          word === undefined ? { topic: to! } : kinds[word]!.sink((value as Record<string, unknown>)[word]),
        ...(name !== undefined && { name }),
        ...(parallelism !== undefined && { parallelism }),
      }
    },
  )
  return either(topic, settings)
}
