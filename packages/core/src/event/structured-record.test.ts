import { describe, expect, it } from 'vitest'
import { event } from './event.ts'
import { fromRecord, toRecord, utf8 } from './record.ts'
import { toStructuredRecord } from './structured-record.ts'

describe('a record in the structured mode', () => {
  it.each([
    ['JSON', event({ id: '1', source: '/s', type: 't', subject: 'x', partitionkey: 'k', data: { a: [1] } })],
    ['text', event({ id: '1', source: '/s', type: 't', datacontenttype: 'text/plain', data: 'hi "you"' })],
    [
      'bytes',
      event({
        id: '1',
        source: '/s',
        type: 't',
        datacontenttype: 'image/png',
        data: new Uint8Array([0, 255]),
        extensions: { ext: 'e' },
      }),
    ],
  ])('is the same event: %s', (_, original) => {
    const record = toRecord(original)
    const structured = toStructuredRecord(record)
    expect(structured.key).toBe(record.key)
    expect(structured.headers).toEqual([['content-type', 'application/cloudevents+json; charset=UTF-8']])
    const stored = {
      offset: 0,
      timestamp: 0,
      key: typeof structured.key === 'string' ? utf8(structured.key) : null,
      value: utf8(structured.value as string),
      headers: structured.headers!.map(([name, content]) => [name, utf8(content as string)] as const),
    }
    expect({ ...fromRecord(stored, { topic: 't', partition: 0 }) }).toEqual({ ...original })
  })

  it('keeps the digits of numbers, and headers that are no attributes', () => {
    const { headers = [] } = toRecord(event({ id: '1', source: '/s', type: 't', data: 0 }))
    const structured = toStructuredRecord({
      key: null,
      value: utf8('12345678901234567890'),
      headers: [...headers, ['x', 'y']],
      partition: 3,
    })
    expect(structured.value).toContain('"data":12345678901234567890}')
    expect(structured.headers).toContainEqual(['x', 'y'])
    expect(structured.partition).toBe(3)
  })

  it('holds as bytes what is not what its type says', () => {
    const { headers = [] } = toRecord(
      event({ id: '1', source: '/s', type: 't', datacontenttype: 'application/json', data: {} }),
    )
    expect(toStructuredRecord({ value: '{', headers }).value).toContain('"data_base64":"ew=="')
  })

  it('stays what it is when it is no event, or has no data', () => {
    const foreign = { value: 'x', headers: [['a', 'b']] as const }
    expect(toStructuredRecord(foreign)).toBe(foreign)
    const none = toRecord(event({ type: 't' }))
    expect(toStructuredRecord(none)).toBe(none)
    const once = toStructuredRecord(toRecord(event({ type: 't', data: 1 })))
    expect(toStructuredRecord(once)).toBe(once)
  })
})
