import { expect, test } from 'vitest'
import { java } from './java.ts'

test('arguments have the class that Java takes for them', () => {
  const { config, operator } = java('org.example.CountBolt', [
    'a',
    true,
    7,
    -(2 ** 31),
    2 ** 31,
    0.5,
    { double: 1 },
    5n,
  ])
  expect(operator).toBe('java')
  expect(config).toEqual({
    class: 'org.example.CountBolt',
    args: [
      { string: 'a' },
      { boolean: true },
      { int: 7 },
      { int: -(2 ** 31) },
      { double: 2 ** 31 },
      { double: 0.5 },
      { double: 1 },
      { long: '5' },
    ],
    jars: [],
  })
})
