import { expect, test } from 'vitest'
import { upgradeOptions } from './upgrade-options.ts'

test('with one topology, components need no more than their name', () => {
  expect(upgradeOptions('a', { dropState: ['x', 'a/y'], rename: ['old=new'] }, ['a'])).toEqual({
    dropState: ['x', 'y'],
    renamed: { old: 'new' },
  })
})

test('with several, each gets what is its own', () => {
  const flags = { dropState: ['a/x', 'b/y'], rename: ['b/old=new'] }
  expect(upgradeOptions('a', flags, ['a', 'b'])).toEqual({ dropState: ['x'], renamed: {} })
  expect(upgradeOptions('b', flags, ['a', 'b'])).toEqual({ dropState: ['y'], renamed: { old: 'new' } })
})

test.each([
  [{ dropState: ['x'] }, `'x' must begin with the topology that is meant, such as a/ or b/`],
  [{ dropState: ['c/x'] }, `'c/x' must begin with the topology`],
  [{ rename: ['a/old'] }, `'old' must be OLD=NEW`],
  [{ rename: ['a/=new'] }, `'=new' must be OLD=NEW`],
])('%j is refused', (flags, detail) => {
  expect(() => upgradeOptions('a', flags, ['a', 'b'])).toThrow(
    expect.objectContaining({ code: 'HEDDLE_CONFIG_INVALID', detail: expect.stringContaining(detail) }),
  )
})
