import { topic, topology, tumbling } from '@heddle/core'
import { contractTopologies } from '@heddle/core/contracts'
import { expect, test } from 'vitest'
import { withStandIns, withTimes } from './stand-ins.ts'
import { toStorm } from './to-storm.ts'
import { transactionalIn } from './transactional.ts'

const launch = { command: 'node', script: 'component.mjs' }

const windows = topology('w')
  .from(topic<string>('in'))
  .dedupe({ by: (e) => e.id, within: '1h', name: 'once' })
  .keyBy((e) => e.data, { name: 'key' })
  .window(tumbling('10s'))
  .count({ name: 'count', parallelism: 3 })
  .to(topic('out'), { name: 'out' })

test('operators of flows with state, and what takes ticks or timers, are transactional', () => {
  expect(transactionalIn(windows)).toEqual(['once', 'count'])
  expect(transactionalIn(contractTopologies.words('w', 'at-least-once'))).toEqual([])
  expect(transactionalIn(contractTopologies.ticking('t', 'at-least-once'))).toEqual(['sum'])
})

test('others take from the spout of its outputs, and what comes before tells it of event time', () => {
  const ids = transactionalIn(windows)
  const { plan } = windows
  const { spouts, bolts } = withTimes(toStorm(withStandIns(plan, ids), launch), plan, ids)
  expect([...spouts.keys()]).toEqual(['from-in', 'once~outputs', 'count~outputs'])
  expect(spouts.get('count~outputs')!.common.parallelismHint).toBe(3)
  expect([...bolts.get('count')!.common.streams]).toEqual([])
  const inputsOf = (id: string): string[] =>
    [...bolts.get(id)!.common.inputs].map(
      ([{ componentId, streamId }, grouping]) =>
        `${componentId} ${streamId} ${Object.keys(grouping).join(' ')}`,
    )
  expect(inputsOf('out')).toEqual(['count~outputs to-out fields'])
  expect(inputsOf('key')).toEqual(['once~outputs to-key fields'])
  // Nobody between says anything of it.
  expect(inputsOf('count')).toEqual(['key to-count fields', 'once~outputs ~times all'])
  expect(inputsOf('once')).toEqual(['once-key to-once fields', 'from-in ~times all'])
  expect([...spouts.get('from-in')!.common.streams.keys()]).toEqual(['to-once-key', '~times'])
})
