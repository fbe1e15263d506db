import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { prettyLine } from './logger.ts'

const line = (fields: object): string =>
  stripVTControlCharacters(
    prettyLine(JSON.stringify({ level: 30, time: '2026-01-02T03:04:05.678Z', ...fields })),
  )

test('time, level, message and facts on one line', () => {
  expect(line({ msg: 'stopping', signal: 'SIGTERM', n: 2 })).toBe(
    '03:04:05 info  stopping signal=SIGTERM n=2',
  )
})

test('an error with its stack below', () => {
  expect(line({ level: 50, msg: 'oh', err: { message: 'm', stack: 'Error: m\n  at x' } })).toBe(
    '03:04:05 error oh\n  Error: m\n  at x',
  )
})
