import { contractTopologies } from '@heddle/core/contracts'
import { expect, test } from 'vitest'
import type { TopologyPageInfo } from '../nimbus/structs.ts'
import { lastErrorOf, metricsOf } from './metrics.ts'

const { plan } = contractTopologies.hanging('h', 'at-least-once')
const [spout, bolt] = plan.components

const page: TopologyPageInfo = {
  id: 'h-1-2',
  spouts: new Map([
    [
      spout!.id,
      {
        common: { numTasks: 1, emitted: 10, acked: 6, failed: 1 },
        specific: { spout: { completeLatencyMs: 12.5 } },
        lastError: { error: 'java.lang.Exception: Shell Process Exception: old\n\tat x', errorTimeSecs: 5 },
      },
    ],
  ]),
  bolts: new Map([
    [
      bolt!.id,
      {
        common: { numTasks: 2, emitted: 3, acked: 4, failed: 0 },
        specific: { bolt: { executed: 5, executeLatencyMs: 0.5, capacity: 0.25 } },
        lastError: { error: 'java.lang.RuntimeException: new\n\tat y', errorTimeSecs: 6 },
      },
    ],
  ]),
}

test('figures are those of Storm, in the order of the plan; what it does not know of is nothing yet', () => {
  const { components, completeLatencyMs, pending } = metricsOf(plan, page)
  expect(components.map(({ component }) => component)).toEqual(plan.components.map(({ id }) => id))
  expect(completeLatencyMs).toBe(12.5)
  expect(pending).toBe(3)
  expect(components[1]).toMatchObject({
    tasks: 2,
    emitted: 3,
    executed: 5,
    executeLatencyMs: 0.5,
    capacity: 0.25,
  })
  expect(components[2]).toMatchObject({ tasks: 1, emitted: 0, executed: 0 })
})

test('the last error is the newest, without what Java says around it', () => {
  expect(lastErrorOf(page)).toEqual({ component: bolt!.id, message: 'new', at: 6000 })
  expect(lastErrorOf({ id: 'h-1-2' })).toBeUndefined()
  expect(lastErrorOf({ id: 'h-1-2', spouts: page.spouts! })?.message).toBe('old')
})

test('what a spout of outputs does is what its component does', () => {
  const outputs = `${bolt!.id}~outputs`
  const both: TopologyPageInfo = {
    ...page,
    spouts: new Map([
      ...page.spouts!,
      [
        outputs,
        {
          common: { numTasks: 2, emitted: 7, acked: 7, failed: 0 },
          lastError: { error: 'java.lang.Exception: newest', errorTimeSecs: 7 },
        },
      ],
    ]),
  }
  expect(metricsOf(plan, both).components[1]).toMatchObject({ emitted: 7, executed: 5 })
  expect(lastErrorOf(both)).toEqual({ component: bolt!.id, message: 'newest', at: 7000 })
})
