import { isHeddleError, topic, topology, tumbling } from '@heddle/core'
import { contractTopologies } from '@heddle/core/contracts'
import { expect, test } from 'vitest'
import { confOf, toStorm } from './to-storm.ts'
import { checkSupported } from './unsupported.ts'

const launch = { command: 'node', script: 'component.mjs' }

test('each component has a stream to each that takes from it, and they take by place', () => {
  const { plan } = contractTopologies.groupings('g', 'at-least-once')
  const { spouts, bolts } = toStorm(plan, launch)
  expect([...spouts.keys()]).toEqual(['numbers'])
  expect(bolts.get('spread')!.boltObject).toEqual({
    shell: { executionCommand: 'node', script: 'component.mjs' },
  })
  const { inputs, streams, parallelismHint } = bolts.get('fields')!.common
  expect([...inputs]).toEqual([[{ componentId: 'spread', streamId: 'to-fields' }, { fields: ['place'] }]])
  expect([...streams]).toEqual([['to-out', { outputFields: ['place', 'batch'], direct: false }]])
  expect(parallelismHint).toBe(3)
  expect([...bolts.get('spread')!.common.streams.keys()].sort()).toEqual([
    'to-all',
    'to-direct',
    'to-fields',
    'to-global',
    'to-local',
    'to-partial',
    'to-shuffle',
  ])
})

test('the configuration has the plan, and the user has the last word', () => {
  const { plan } = contractTopologies.hanging('h', 'at-least-once')
  const conf = confOf(plan, {
    workers: 2,
    settings: {
      maxBatch: 1,
      maxBatchBytes: 1,
      maxUnderWay: 1,
      lingerMs: 1,
      hangTimeoutMs: 1,
      errorIntervalMs: 1,
    },
    componentLog: { url: 'kafka://x' },
    submittedAt: 5,
    transactional: ['x'],
    conf: { 'topology.debug': true, 'topology.workers': 3 },
  })
  expect(JSON.parse(conf['heddle.plan'] as string)).toEqual(plan)
  expect(conf).toMatchObject({
    'topology.workers': 3,
    'topology.debug': true,
    'topology.message.timeout.secs': 1,
    'heddle.log': '{"url":"kafka://x"}',
  })
})

test('what cannot run there is refused with every reason', () => {
  const counting = topology('t', { guarantee: 'exactly-once' })
    .from(topic<{ k: string }>('in'))
    .keyBy((e) => e.data.k)
    .window(tumbling('1m'))
    .count()
    .to(topic('out'))
  let refused: unknown
  try {
    checkSupported(counting)
  } catch (error) {
    refused = error
  }
  expect(isHeddleError(refused, 'HEDDLE_ENGINE_UNSUPPORTED') && refused.detail).toMatch(
    /exactly-once; on Storm/,
  )
  for (const make of Object.values(contractTopologies))
    expect(() => checkSupported(make('x', 'at-least-once'))).not.toThrow()
})
