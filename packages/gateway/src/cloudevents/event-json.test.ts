import type { LogRecord } from '@heddle/core'
import { expect, test } from 'vitest'
import { eventJson } from './event-json.ts'

const record = (value: Buffer | null, headers: Readonly<Record<string, string>>): LogRecord => ({
  offset: 7,
  timestamp: 0,
  key: null,
  value,
  headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const),
})
const event = { ce_specversion: '1.0', ce_id: '1', ce_source: '/s', ce_type: 't' }
const json = (one: LogRecord): Record<string, unknown> => {
  const text = eventJson(one, { topic: 'orders', partition: 2 })
  expect(text).not.toMatch(/[\r\n]/)
  return JSON.parse(text) as Record<string, unknown>
}

test('JSON that is laid out over lines goes out on one', () => {
  expect(json(record(Buffer.from('{\r\n "a": "b\\n"\n}'), event))['data']).toEqual({ a: 'b\n' })
})

test('text is a string, bytes are base64, nothing is nothing', () => {
  expect(json(record(Buffer.from('hi\n'), { ...event, 'content-type': 'text/plain' }))['data']).toBe('hi\n')
  expect(json(record(Buffer.from([0, 1]), { ...event, 'content-type': 'image/png' }))['data_base64']).toBe(
    'AAE=',
  )
  expect(json(record(null, event))).toEqual({ specversion: '1.0', id: '1', source: '/s', type: 't' })
})

test('what claims to be JSON, or text, and is not, goes out as base64', () => {
  expect(json(record(Buffer.from('{broken'), event))).toMatchObject({
    data_base64: Buffer.from('{broken').toString('base64'),
  })
  expect(json(record(Buffer.from([0xff]), event))).toMatchObject({ data_base64: '/w==' })
  expect(json(record(Buffer.from([0xff]), { ...event, 'content-type': 'text/plain' }))).toMatchObject({
    data_base64: '/w==',
  })
})

test('a record of some other program is an event with its place as identity', () => {
  expect(json(record(Buffer.from('x'), {}))).toMatchObject({
    id: '2-7',
    source: '/topics/orders',
    type: 'heddle.record',
    data_base64: 'eA==',
  })
})

test('a record that claims to be a structured event and is not does not stop a reader', () => {
  const broken = record(Buffer.from('{"id":'), { 'content-type': 'application/cloudevents+json' })
  expect(json(broken)).toMatchObject({ type: 'heddle.record' })
})
