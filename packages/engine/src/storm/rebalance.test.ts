import { topic, topology } from '@heddle/core'
import { expect, test } from 'vitest'
import { checkRebalance } from './rebalance.ts'

const { plan } = topology('t')
  .from(topic<number>('in'))
  .map((e) => e.data * 2, { name: 'double', parallelism: 3 })
  .to(topic('out'))

test('executors up to the number of tasks, and any number of workers', () => {
  expect(() => checkRebalance(plan, { double: 1 }, { workers: 5 })).not.toThrow()
  expect(() => checkRebalance(plan, { double: 3 }, {})).not.toThrow()
})

test.each([
  [{ double: 4 }, {}, /'double' has 3 tasks, which is fixed/],
  [{ double: 0 }, {}, /cannot run in 0 executors/],
  [{ nothing: 1 }, {}, /has no component 'nothing'/],
  [{}, { workers: 0 }, /0 workers/],
  [{}, { threads: 2 }, /processes/],
] as const)('%j %j is refused', (executors, options, why) => {
  expect(() => checkRebalance(plan, executors, options)).toThrow(why)
})
