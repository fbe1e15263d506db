import { expect, test } from 'vitest'
import { toFigure } from './figure.ts'
import { short } from './format.ts'
import { median, percentile, sideBySide } from './measure.ts'

test('a percentile is one of the values, and the array stays as it was', () => {
  const values = [5, 1, 4, 2, 3]
  expect([percentile(values, 0), median(values), percentile(values, 0.99), percentile(values, 1)]).toEqual([
    1, 3, 5, 5,
  ])
  expect(values).toEqual([5, 1, 4, 2, 3])
  expect(percentile([], 0.5)).toBeNaN()
})

test('both sides are run in turn', async () => {
  const calls: string[] = []
  const side = (name: string, value: number) => () => (calls.push(name), value)
  const result = await sideBySide(2, { ours: side('ours', 1), reference: side('reference', 2) })
  expect(result).toEqual({ ours: 1, reference: 2, rounds: 2 })
  expect(calls).toEqual(['reference', 'ours', 'reference', 'ours'])
})

test('a figure holds when its ratio is on the wanted side of the target', () => {
  const measured = { figure: 'f', ours: 90, reference: 100, unit: 'x/s', conditions: { payload: '1 KB' } }
  expect(toFigure({ ...measured, atLeast: 0.85 }, { cores: 2 })).toEqual({
    ...measured,
    ratio: 0.9,
    target: 0.85,
    holds: true,
    conditions: { wanted: 'at least 0.85', payload: '1 KB', cores: 2 },
  })
  expect(toFigure({ ...measured, atMost: 0.85 }, {}).holds).toBe(false)
})

test('numbers are short', () => {
  expect([0.0213, 3, 999.6, 1234, 438_123, 1_250_000].map(short)).toEqual([
    '0.0213',
    '3',
    '1000',
    '1234',
    '438k',
    '1.25M',
  ])
})
