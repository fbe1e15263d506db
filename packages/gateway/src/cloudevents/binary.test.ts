import { isHeddleError } from '@heddle/core'
import { expect, test } from 'vitest'
import { binaryEvent } from './binary.ts'

const headers = {
  'ce-specversion': '1.0',
  'ce-id': 'a%20b',
  'ce-source': '/s',
  'ce-type': 't',
  'content-type': 'application/json',
  host: 'x',
}

test('attributes come from the headers, the data are the bytes of the body', () => {
  const body = Buffer.from('{"a":1}')
  const event = binaryEvent({ ...headers, 'ce-subject': '%E2%82%AC', 'ce-myext': '5' }, body)
  expect(event).toEqual({
    specversion: '1.0',
    id: 'a b',
    source: '/s',
    type: 't',
    subject: '€',
    datacontenttype: 'application/json',
    extensions: { myext: '5' },
    data: body,
  })
  expect(event.data).toBe(body)
})

test('without a body there are no data', () => {
  expect(binaryEvent(headers, undefined).data).toBeUndefined()
  expect(binaryEvent(headers, Buffer.alloc(0)).data).toBeUndefined()
})

test('ce-datacontenttype is not an attribute: Content-Type is', () => {
  expect(binaryEvent({ ...headers, 'ce-datacontenttype': 'text/plain' }, undefined).datacontenttype).toBe(
    'application/json',
  )
})

test.each([
  ['JSON that is none', headers, Buffer.from('{'), 'HEDDLE_EVENT_DATA_INVALID'],
  ['bytes that are not UTF-8', headers, Buffer.from([0x22, 0xff, 0x22]), 'HEDDLE_EVENT_DATA_INVALID'],
  ['a missing attribute', { ...headers, 'ce-type': undefined }, undefined, 'HEDDLE_EVENT_INVALID'],
  ['another version', { ...headers, 'ce-specversion': '0.3' }, undefined, 'HEDDLE_EVENT_INVALID'],
  ['a name that is none', { ...headers, 'ce-my_ext': '1' }, undefined, 'HEDDLE_EVENT_INVALID'],
] as const)('%s is refused', (_, given, body, code) => {
  expect(() =>
    binaryEvent(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), body),
  ).toThrow(expect.toSatisfy((error: unknown) => isHeddleError(error, code)) as Error)
})

test('other data need not be UTF-8', () => {
  expect(binaryEvent({ ...headers, 'content-type': 'image/png' }, Buffer.from([0xff])).data).toEqual(
    Buffer.from([0xff]),
  )
})
