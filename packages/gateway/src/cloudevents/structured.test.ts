import { isHeddleError } from '@heddle/core'
import { expect, test } from 'vitest'
import { batchText, structuredEvent } from './structured.ts'

const read = (event: object | string): ReturnType<typeof structuredEvent> =>
  structuredEvent(Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)), undefined)
const minimal = { specversion: '1.0', id: '1', source: '/s', type: 't' }
const valueOf = (event: object): unknown => read({ ...minimal, ...event }).record.value

const refusal = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (isHeddleError(error)) return `${error.code} ${error.detail}`
    throw error
  }
  return 'taken'
}

test('data are stored as what they are', () => {
  expect(valueOf({})).toBeNull()
  expect(valueOf({ data: null })).toBe('null')
  expect(valueOf({ data: 'x' })).toBe('"x"')
  expect(valueOf({ data: 'x', datacontenttype: 'text/plain' })).toBe('x')
  expect(valueOf({ data_base64: 'AQI=', datacontenttype: 'application/octet-stream' })).toEqual(
    new Uint8Array([1, 2]),
  )
})

test('null is the same as absent, and extensions are taken', () => {
  const { record } = read({
    ...minimal,
    subject: null,
    myext: 5,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  })
  expect(record.headers).toEqual([
    ['ce_specversion', '1.0'],
    ['ce_id', '1'],
    ['ce_source', '/s'],
    ['ce_type', 't'],
    ['ce_traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['ce_myext', '5'],
  ])
})

test('a name that is written with escapes is read too', () => {
  expect(read('{"specversion":"1.0","id":"1","source":"/s","type":"t","d\\u0061ta":[1]}').record.value).toBe(
    '[1]',
  )
})

test('what is wrong is named', () => {
  expect(refusal(() => read({ ...minimal, id: '' }))).toBe('HEDDLE_EVENT_INVALID id must not be empty')
  expect(refusal(() => read({ ...minimal, time: 'now' }))).toContain('HEDDLE_EVENT_INVALID time must be')
  expect(refusal(() => read({ ...minimal, Upper: '1' }))).toContain('HEDDLE_EVENT_INVALID Upper')
  expect(refusal(() => read({ ...minimal, data: 1, data_base64: 'AQI=' }))).toContain(
    'HEDDLE_EVENT_INVALID data_base64',
  )
  expect(refusal(() => read({ ...minimal, data: 1, datacontenttype: 'text/plain' }))).toContain(
    'HEDDLE_EVENT_DATA_INVALID',
  )
  expect(refusal(() => read('{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{]}'))).toContain(
    'HEDDLE_EVENT_INVALID the event is not JSON',
  )
  expect(refusal(() => read('[]'))).toContain('HEDDLE_EVENT_INVALID')
  expect(refusal(() => read('null'))).toContain('HEDDLE_EVENT_INVALID')
  expect(refusal(() => structuredEvent(Buffer.from([0x22, 0xff, 0x22]), undefined))).toContain('not UTF-8')
})

test('a batch that is not a JSON array is refused as a whole', () => {
  expect(refusal(() => batchText(Buffer.from('{}')))).toContain('HEDDLE_EVENT_INVALID')
  expect(refusal(() => batchText(Buffer.from('[{"id":1}')))).toContain('HEDDLE_EVENT_INVALID')
  expect(refusal(() => batchText(Buffer.from([0xff])))).toContain('not UTF-8')
  expect(batchText(Buffer.from(' [ ] ')).ranges).toEqual([])
})
