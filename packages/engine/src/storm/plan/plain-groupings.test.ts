import { fromTopic, isHeddleError, java, shell, toTopic, topic, topology } from '@heddle/core'
import { expect, test } from 'vitest'
import { jarsOf, portable } from './portable.ts'
import { toStorm } from './to-storm.ts'
import { checkSupported } from './unsupported.ts'

const launch = { command: 'node', script: 'component.mjs' }

function mixed() {
  const t = topology.graph('mix', { maxPending: 9, storm: { 'topology.workers': 2 } })
  const lines = t.spout('lines', java('Lines', ['b', 5n], { jars: ['/a.jar', '/b.jar'] }), {
    fields: ['line'],
    streams: { odd: ['line'] },
  })
  const words = t.bolt('split', () => {}, { fields: ['word'] }).shuffle(lines)
  const shout = shell('python3', ['shout.py'], { cwd: '/here', files: ['shout.py'], tick: '2s' })
  const shouted = t.bolt('shout', shout, { fields: ['loud'], parallelism: 3 }).fields(words, 'word')
  t.bolt('all', java('All', [], { jars: ['/a.jar'], conf: { x: 1 } }))
    .all(shouted)
    .global(lines.stream('odd'))
  t.bolt('out', toTopic('out')).shuffle(words).localOrShuffle(shouted)
  return t
}

test('where a program or a class takes part, streams and groupings are those of Storm', () => {
  const { spouts, bolts, dependencyJars } = toStorm(mixed().plan, launch, ['blob'])
  expect(dependencyJars).toEqual(['blob'])
  const lines = spouts.get('lines')!
  expect(lines.spoutObject).toEqual({
    javaObject: { fullClassName: 'Lines', argsList: [{ string: 'b' }, { long: 5n }] },
  })
  expect([...lines.common.streams]).toEqual([
    ['default', { outputFields: ['line'], direct: false }],
    ['odd', { outputFields: ['line'], direct: false }],
  ])
  expect(JSON.parse(lines.common.jsonConf!)).toEqual({ 'topology.max.spout.pending': 9 })
  const split = bolts.get('split')!
  expect([...split.common.inputs]).toEqual([[{ componentId: 'lines', streamId: 'default' }, { shuffle: {} }]])
  // One stream for the program, with the fields of the plan, and one of batches.
  expect([...split.common.streams]).toEqual([
    ['default', { outputFields: ['word'], direct: false }],
    ['to-out', { outputFields: ['place', 'batch'], direct: false }],
  ])
  const shout = bolts.get('shout')!
  expect(shout.boltObject).toEqual({ shell: { executionCommand: 'sh', script: 'programs/shout.sh' } })
  expect([...shout.common.inputs.values()]).toEqual([{ fields: ['word'] }])
  expect(JSON.parse(shout.common.jsonConf!)).toEqual({ 'topology.tick.tuple.freq.secs': 2 })
  expect([...bolts.get('all')!.common.inputs.values()]).toEqual([{ all: {} }, { fields: [] }])
  expect([...bolts.get('out')!.common.inputs]).toEqual([
    [{ componentId: 'split', streamId: 'to-out' }, { fields: ['place'] }],
    [{ componentId: 'shout', streamId: 'default' }, { localOrShuffle: {} }],
  ])
})

test('what is submitted has no paths of this machine', () => {
  const { plan } = mixed()
  expect(jarsOf(plan)).toEqual(['/a.jar', '/b.jar'])
  const text = JSON.stringify(portable(plan))
  expect(text).not.toContain('.jar')
  expect(text).not.toContain('/here')
  expect(text).toContain('shout.py')
  expect(portable(plan).settings).toEqual(plan.settings)
})

test('an error branch of a program is refused: Storm has none', () => {
  const t = topology('t')
    .from(topic<string>('in'))
    .through(shell('score'), { onError: (failures) => failures.to(topic('failed')) })
    .to(topic('out'))
  expect(() => checkSupported(t)).toThrow(
    "'shell' has an error branch, and what a program or a class fails is read again by its spout",
  )
})

test('groupings that Storm does not have for them are refused, with the reason', () => {
  const t = topology.graph('mix')
  const numbers = t.spout('numbers', fromTopic('numbers'), { fields: ['n'] })
  const made = t.bolt('make', java('Make'), { fields: ['n'] }).direct(numbers)
  t.bolt('part', shell('part')).partialKey(numbers, 'n')
  t.bolt('mine', () => {}).direct(made)
  let refused: unknown
  try {
    checkSupported(t)
  } catch (error) {
    refused = error
  }
  const detail = isHeddleError(refused, 'HEDDLE_ENGINE_UNSUPPORTED') ? refused.detail : ''
  expect(detail).toContain("'make' takes 'default' of 'numbers' by the direct grouping, and Storm lets only")
  expect(detail).toContain(
    "'part' takes 'default' of 'numbers' by the partial-key grouping, which Storm only",
  )
  expect(detail).not.toContain("'mine'")
})
