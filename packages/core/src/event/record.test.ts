import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Event,
  type LogRecord,
  type RecordInput,
  event,
  fromRecord,
  recordIdentity,
  toRecord,
  utf8,
} from '../index.ts'

const bytes = (value: Uint8Array | string | null | undefined): Uint8Array | null =>
  typeof value === 'string' ? utf8(value) : (value ?? null)

/** What a log gives back of an input. */
const stored = (input: RecordInput, offset = 7): LogRecord => ({
  offset,
  timestamp: 1_700_000_000_000,
  key: bytes(input.key),
  value: bytes(input.value),
  headers: (input.headers ?? []).map(([name, value]) => [name, bytes(value)!]),
})
const place = { topic: 'orders', partition: 3 }
const roundTrip = (e: Event): Event => fromRecord(stored(toRecord(e)), place)

const name = fc
  .stringMatching(/^[a-z0-9]{1,20}$/)
  .filter((n) => !['data', 'id', 'source', 'type', 'time', 'subject'].includes(n))
const filled = fc.string({ minLength: 1 })
const events = fc
  .record(
    {
      id: filled,
      source: filled,
      type: filled,
      subject: filled,
      partitionkey: filled,
      traceparent: filled,
      extensions: fc.dictionary(name, fc.string()),
      data: fc.jsonValue(),
    },
    { requiredKeys: ['id', 'source', 'type'] },
  )
  .map((init) => event(init))

describe('an event as a record', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(events, (e) => {
        const { extensions, ...plain } = e
        const expected = extensions && Object.keys(extensions).length > 0 ? e : plain
        expect({ ...roundTrip(e) }).toEqual(JSON.parse(JSON.stringify(expected)))
      }),
    )
  })

  it('is the binary mode of the Kafka binding', () => {
    const e = event({
      id: '1',
      source: '/s',
      type: 't',
      time: '2026-01-01T00:00:00Z',
      partitionkey: 'k',
      extensions: { n: 5 },
      data: { a: 1 },
    })
    expect(toRecord(e)).toEqual({
      key: 'k',
      value: '{"a":1}',
      headers: [
        ['ce_specversion', '1.0'],
        ['ce_id', '1'],
        ['ce_source', '/s'],
        ['ce_type', 't'],
        ['ce_time', '2026-01-01T00:00:00Z'],
        ['ce_partitionkey', 'k'],
        ['ce_n', '5'],
      ],
    })
  })

  it('keeps bytes and text as they are, and null apart from no data', () => {
    const binary = event({ type: 't', datacontenttype: 'image/png', data: Uint8Array.of(0, 255) })
    expect(roundTrip(binary).data).toEqual(Uint8Array.of(0, 255))
    expect(roundTrip(event({ type: 't', datacontenttype: 'text/plain', data: 'ä' })).data).toBe('ä')
    expect(roundTrip(event({ type: 't', data: null })).data).toBeNull()
    expect(roundTrip(event({ type: 't' })).data).toBeUndefined()
  })

  it('refuses data that its type cannot hold', () => {
    expect(() => toRecord(event({ type: 't', datacontenttype: 'text/plain', data: { a: 1 } }))).toThrow(
      /takes a string or bytes/,
    )
    expect(() => toRecord(event({ type: 't', data: 1n }))).toThrow(/cannot be written as JSON/)
    expect(() => roundTrip(event({ type: 't', data: utf8('{"a":') })).data).toThrow(
      expect.objectContaining({ code: 'HEDDLE_EVENT_DATA_INVALID' }),
    )
  })

  it('is passed on byte for byte while nobody had its data', () => {
    const record = stored({
      ...toRecord(event({ type: 't', data: {} })),
      value: '{ "big": 12345678901234567890 }',
    })
    const read = fromRecord(record, place)
    expect(toRecord(read).value).toBe(record.value)
    ;(read.data as { big: number }).big = 1
    expect(toRecord(read).value).toBe('{"big":1}')
  })

  it('keeps its key and headers when its data was changed', () => {
    const { headers = [] } = toRecord(event({ id: '1', source: '/s', type: 't', data: {} }))
    const record = stored({ key: 'k', headers: [...headers, ['x', 'y']], value: '{"a":1}' })
    const read = fromRecord(record, place)
    ;(read.data as { a: number }).a = 2
    expect(toRecord(read)).toEqual({ key: record.key, headers: record.headers, value: '{"a":2}' })
    expect(toRecord(read).headers).toBe(record.headers)
  })

  it('can be spread, data and all', () => {
    const read = roundTrip(event({ type: 't', data: { a: 1 } }))
    expect({ ...read, type: 'u' }).toMatchObject({ type: 'u', data: { a: 1 } })
  })

  it('is made of foreign records too, without loss', () => {
    const foreign = fromRecord(stored({ key: 'k', value: 'hi', headers: [['x', 'y']] }), place)
    expect(toRecord(foreign)).toEqual({ key: utf8('k'), value: utf8('hi'), headers: [['x', utf8('y')]] })
    expect({ ...foreign }).toEqual({
      specversion: '1.0',
      id: '3-7',
      source: '/topics/orders',
      type: 'heddle.record',
      time: '2023-11-14T22:13:20.000Z',
      datacontenttype: 'application/octet-stream',
      partitionkey: 'k',
      data: utf8('hi'),
    })
  })

  it('of a foreign record keeps every byte, also when its data was in hand', () => {
    const bytes = new Uint8Array([0xff, 0, 0xfe])
    const binary = stored({ key: bytes, value: bytes, headers: [['x', bytes]] })
    const read = fromRecord(binary, place)
    expect(read.data).toEqual(bytes)
    expect(toRecord(read)).toEqual({ key: bytes, value: bytes, headers: [['x', bytes]] })
    const json = stored({ value: '[1]', headers: [['content-type', 'application/json']] })
    const changed = fromRecord(json, place)
    ;(changed.data as number[]).push(2)
    expect(toRecord(changed)).toMatchObject({ key: null, value: '[1,2]', headers: json.headers })
    const nothing = fromRecord(stored({ key: null, value: null }), place)
    expect(nothing.data).toBeUndefined()
    expect(toRecord(nothing)).toEqual({ key: null, value: null, headers: [] })
  })

  it('in the structured mode is passed on byte for byte, or written anew in it', () => {
    const value = '{ "specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": { "a": 1 } }'
    const headers: [string, string][] = [
      ['content-type', 'application/cloudevents+json'],
      ['x', 'y'],
    ]
    const record = stored({ key: 'k', value, headers })
    const read = fromRecord(record, place)
    expect(read.partitionkey).toBe('k')
    expect(toRecord(read)).toEqual({ key: record.key, value: record.value, headers: record.headers })
    ;(read.data as { a: number }).a = 2
    const again = toRecord(read)
    expect(again.headers).toBe(record.headers)
    expect(JSON.parse(again.value as string)).toMatchObject({
      id: '1',
      source: '/s',
      type: 't',
      data: { a: 2 },
    })
    expect(recordIdentity(record.headers, record.value)).toBe('/s\n1')
  })

  it.each(['{', '[]', '{"id":"1"}'])('is foreign when it says that it is structured, and is %s', (value) => {
    const record = stored({ value, headers: [['content-type', 'application/cloudevents+json']] })
    const read = fromRecord(record, place)
    expect(read).toMatchObject({ id: '3-7', type: 'heddle.record' })
    expect(toRecord(read)).toMatchObject({ value: record.value })
    expect(recordIdentity(record.headers, record.value)).toBeUndefined()
  })

  it('is read from the structured mode as well', () => {
    const value = JSON.stringify({
      specversion: '1.0',
      id: '1',
      source: '/s',
      type: 't',
      ext: 'e',
      data: { a: 1 },
    })
    const read = fromRecord(
      stored({ value, headers: [['content-type', 'application/cloudevents+json; charset=utf-8']] }),
      place,
    )
    expect(read).toEqual({
      specversion: '1.0',
      id: '1',
      source: '/s',
      type: 't',
      extensions: { ext: 'e' },
      data: { a: 1 },
    })
  })

  it('has the identity of source and id', () => {
    const { headers } = toRecord(event({ id: '1', source: '/s', type: 't' }))
    expect(recordIdentity(headers!)).toBe('/s\n1')
    expect(recordIdentity(stored({ value: null, headers: headers! }).headers)).toBe('/s\n1')
    expect(recordIdentity([['other', 'x']])).toBeUndefined()
  })
})
