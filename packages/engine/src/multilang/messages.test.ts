import { expect, test } from 'vitest'
import { fromList, programMessage, toList } from './messages.ts'

test.each([
  { pid: 7 },
  { command: 'emit', tuple: ['a'], anchors: null, stream: null, task: null },
  { command: 'ack', id: '1' },
  { command: 'fail', id: '1' },
  { command: 'sync' },
  { command: 'log', msg: 'so far so good' },
  { command: 'error', msg: 'no more' },
  { command: 'metrics', name: 'words', params: 1 },
])('$command is a message, as libraries of other languages write it', (message) => {
  expect(programMessage(message)).toBe(message)
})

test.each([
  {},
  [],
  { pid: 'x' },
  { command: 'dance' },
  { command: 'emit', tuple: 'a' },
  { command: 'ack' },
  { command: 'ack', id: 1 },
])('%j is none, and is shown', (message) => {
  expect(() => programMessage(message)).toThrow(`it sent ${JSON.stringify(message)}`)
})

test('values go in the order of the fields, and come back by it', () => {
  expect(toList({ b: 2, a: 1 }, ['a', 'b', 'c'])).toEqual([1, 2, null])
  expect(fromList([1, 2], ['a', 'b'], 'x')).toEqual({ a: 1, b: 2 })
  expect(() => fromList([1], ['a', 'b'], "'x'")).toThrow(
    "'x' emitted 1 values, and the stream has the fields a, b",
  )
})
