import { describe, it } from 'vitest'
import { type BoltFunction, fromTopic, java, topology } from '../index.ts'

const split: BoltFunction<{ line: string }, { word: string }> = () => {}
const count: BoltFunction<{ word: string }, { count: number }> = () => {}

describe('types of a graph', () => {
  const t = topology.graph('types')
  const lines = t.spout('lines', fromTopic('lines'), { fields: ['line'] })
  const words = t
    .bolt('split', split, { fields: ['word'], streams: { long: ['word', 'length'] } })
    .shuffle(lines)

  it('know the fields of every stream', () => {
    t.bolt('count', count).fields(words, 'word')
    t.bolt('long', count).fields(words.stream('long'), 'word', 'length')
    // @ts-expect-error no such field
    t.bolt('wrong', count).fields(words, 'wrod')
    // @ts-expect-error no such stream
    words.stream('lnog')
    // @ts-expect-error 'split' does not emit that
    t.bolt('wrong', split, { fields: ['wrod'] })
    // @ts-expect-error a fields grouping needs a field
    t.bolt('wrong', count).fields(words)
  })

  it('refuse a bolt that needs fields which the stream does not have', () => {
    // @ts-expect-error 'split' needs line, and words have word
    t.bolt('wrong', split, { fields: ['word'] }).shuffle(words)
    const typed = t.spout(
      'typed',
      fromTopic<number, { line: number }>('n', (e) => ({ line: e.data })),
      { fields: ['line'] },
    )
    // @ts-expect-error line is a number there
    t.bolt('wrong', split, { fields: ['word'] }).shuffle(typed)
  })

  it('know the fields of a class in Java, as they are declared, and what it can be given', () => {
    const counted = t
      .bolt('java', java('Count', ['a', 1, true, 5n, { double: 1 }]), { fields: ['n'] })
      .shuffle(words)
    t.bolt('sum', () => {}).fields(counted, 'n')
    // @ts-expect-error no such field
    t.bolt('wrong', () => {}).fields(counted, 'm')
    // @ts-expect-error a list is no argument
    java('Count', [['a']])
  })
})
