import { fromTopic, topology } from '@heddle/core'
import { expect, test } from 'vitest'
import { groupsOf } from './group-of.ts'

const nothing = { fields: ['x'] } as const

test('a spout has the group of its topology, unless it is not the only one of its topic', () => {
  const t = topology.graph('t')
  t.bolt('all', () => {})
    .shuffle(t.spout('a', fromTopic('in'), nothing))
    .shuffle(t.spout('b', fromTopic('in'), nothing))
    .shuffle(t.spout('c', fromTopic('other'), nothing))
    .shuffle(t.spout('d', { next: () => {} }, nothing))
  expect([...groupsOf({ plan: t.plan, transactional: [] })].sort()).toEqual(['t', 't/a', 't/b', 't/d'])
})
