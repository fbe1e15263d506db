import { describe, expect, it } from 'vitest'
import { bytes, milliseconds } from './index.ts'

describe('units', () => {
  it('are read', () => {
    expect(['250ms', '1.5s', '1m', '2h', '7d', 42].map((d) => milliseconds(d as '1m'))).toEqual([
      250, 1500, 60_000, 7_200_000, 604_800_000, 42,
    ])
    expect(['512b', '64kb', '64MB', '1gb'].map((s) => bytes(s as '1b'))).toEqual([
      512, 65_536, 67_108_864, 1_073_741_824,
    ])
  })

  it.each(['', '1', 'm', '1 fortnight', '-1s', '1e3s'])("'%s' is not a duration", (text) => {
    expect(() => milliseconds(text as '1m')).toThrow(expect.objectContaining({ code: 'HEDDLE_UNIT_INVALID' }))
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('%s is not a size', (size) => {
    expect(() => bytes(size)).toThrow(expect.objectContaining({ code: 'HEDDLE_UNIT_INVALID' }))
  })
})
