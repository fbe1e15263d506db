import { describe, expect, it } from 'vitest'
import { type BoltFunction, fromTopic, isHeddleError, toTopic, topology } from '../index.ts'

const split: BoltFunction<{ line: string }, { word: string }> = ({ values }, out) => {
  for (const word of values.line.split(' ')) out.emit({ word })
}
const count: BoltFunction<{ word: string }, { word: string; count: number }> = () => {}

const mistakesOf = (graph: { plan: unknown }): string[] => {
  try {
    void graph.plan
  } catch (error) {
    if (isHeddleError(error, 'HEDDLE_TOPOLOGY_INVALID'))
      return (error.info['mistakes'] as { message: string }[]).map(({ message }) => message)
  }
  return []
}

describe('a graph', () => {
  it('becomes a plan, with all seven groupings', () => {
    const t = topology.graph('word-count')
    const lines = t.spout('lines', fromTopic<string>('lines'), { fields: ['line'] })
    const words = t.bolt('split', split, { fields: ['word'], parallelism: 4 }).shuffle(lines)
    t.bolt('count', count, { fields: ['word', 'count'], parallelism: 8 }).fields(words, 'word')
    t.bolt('a', count).localOrShuffle(words).partialKey(words, 'word')
    t.bolt('b', count).all(words).global(words).direct(words)
    const groupings = t.plan.components.flatMap(({ inputs }) => inputs.map(({ grouping }) => grouping))
    expect(groupings).toEqual([
      { kind: 'shuffle' },
      { kind: 'fields', fields: ['word'] },
      { kind: 'local-or-shuffle' },
      { kind: 'partial-key', fields: ['word'] },
      { kind: 'all' },
      { kind: 'global' },
      { kind: 'direct' },
    ])
    expect(t.plan.components.map(({ id, parallelism }) => [id, parallelism])).toEqual([
      ['lines', 1],
      ['split', 4],
      ['count', 8],
      ['a', 1],
      ['b', 1],
    ])
    expect(t.code.get('split')).toEqual({ bolt: split })
  })

  it('orders its components, in whichever order they were declared', () => {
    const t = topology.graph('late')
    const last = t.bolt('last', toTopic('out'))
    const first = t.spout('first', fromTopic('in'), { fields: ['event'] })
    last.shuffle(first)
    expect(t.plan.components.map(({ id }) => id)).toEqual(['first', 'last'])
    expect(t.plan.topics.map(({ name }) => name)).toEqual(['in', 'out'])
  })

  it('says what is wrong: circles, unknown streams and fields, unreachable and unconnected bolts', () => {
    const t = topology.graph('wrong')
    const lines = t.spout('lines', fromTopic('lines'), { fields: ['line'] })
    const words = t.bolt('split', split as BoltFunction, { fields: ['word'] }).shuffle(lines)
    words.shuffle({ component: 'splti', streamId: 'default' })
    t.bolt('count', count)
      .fields(words, 'wrod' as 'word')
      .shuffle({ component: 'split', streamId: 'wrods' })
    t.bolt('alone', count)
    const a = t.bolt('a', count as BoltFunction, { fields: ['x'] })
    a.shuffle(t.bolt('b', count as BoltFunction, { fields: ['x'] }).shuffle(a))
    expect(mistakesOf(t)).toEqual([
      "'split' takes from 'splti', which is not in the topology; did you mean 'split'?",
      "'count' groups by the field 'wrod', which stream 'default' of 'split' does not have; did you mean 'word'?",
      "'count' takes stream 'wrods' of 'split', which does not declare it; there is 'default'",
      "the bolt 'alone' takes from nothing: give it a grouping, such as .shuffle(…)",
      "no spout leads to 'b'",
      "no spout leads to 'a'",
      'components go round in a circle: b → a → b; a topology has to be free of circles',
    ])
  })

  it('says that two components have one name', () => {
    const t = topology.graph('clash')
    const lines = t.spout('lines', fromTopic('lines'), { fields: ['line'] })
    t.bolt('lines', split).shuffle(lines)
    expect(mistakesOf(t)).toEqual(["two components have the name 'lines'"])
  })

  it('cannot be exactly-once with a spout of its own, which cannot be read again by offset', () => {
    const t = topology.graph('own', { guarantee: 'exactly-once' })
    t.spout('mine', { next: () => {} })
    expect(mistakesOf(t)).toEqual([
      "the spout 'mine' cannot be exactly-once: only topics can, since they are read again by offset",
    ])
  })
})
