import { type Plan, topic, topology, tumbling } from '@heddle/core'
import { expect, test } from 'vitest'
import { upgradeOnStorm } from './upgrade.ts'

const counting = (parallelism: number, mapped = 1): Plan =>
  topology('t')
    .from(topic<{ k: string }>('in'))
    .filter(() => true, { name: 'some', parallelism: mapped })
    .keyBy((e) => e.data.k)
    .window(tumbling('1m'))
    .count({ name: 'count', parallelism })
    .to(topic('out')).plan

test('what keeps no state may have other tasks', () => {
  expect(upgradeOnStorm(counting(2), counting(2, 3), {}).components.map(({ id }) => id)).toContain('some')
})

test('what keeps some has as many as before', () => {
  expect(() => upgradeOnStorm(counting(2), counting(3), {})).toThrow(
    "'count' keeps state, and has 2 tasks on Storm: it cannot have 3",
  )
})

test('nothing is renamed or dropped', () => {
  expect(() => upgradeOnStorm(counting(2), counting(2), { dropState: ['count'] })).toThrow('neither')
})
