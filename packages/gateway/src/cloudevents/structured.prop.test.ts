import { type LogRecord, fromRecord, parseStructured, toRecord } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventJson } from './event-json.ts'
import { batchText, structuredAt, structuredEvent } from './structured.ts'

const name = fc.stringMatching(/^[a-z0-9]{1,12}$/)
const text = fc.string({ unit: 'grapheme', minLength: 1 })
const attributes = fc.record(
  {
    specversion: fc.constant('1.0'),
    id: text,
    source: text,
    type: text,
    subject: text,
    partitionkey: text,
    time: fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') })
      .map((date) => date.toISOString()),
    datacontenttype: fc.constantFrom('application/json', 'application/vnd.x+json; charset=utf-8'),
    traceparent: fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
  },
  { requiredKeys: ['specversion', 'id', 'source', 'type', 'traceparent'] },
)
const event = fc
  .tuple(
    attributes,
    fc.dictionary(
      name.map((one) => `x${one}`),
      fc.oneof(text, fc.boolean(), fc.integer()),
    ),
    fc.option(fc.jsonValue(), { nil: undefined }),
  )
  .map(([known, extensions, data]) => ({
    ...known,
    ...extensions,
    ...(data === undefined ? undefined : { data }),
  }))

const stored = ({ record }: ReturnType<typeof structuredEvent>): LogRecord => ({
  offset: 0,
  timestamp: 0,
  key: record.key == null ? null : Buffer.from(record.key),
  value: record.value === null ? null : Buffer.from(record.value),
  headers: record.headers!.map(([header, value]) => [header, Buffer.from(value)] as const),
})
const place = { topic: 't', partition: 0 }

test('the short way gives the record of the long way: parse all, write all', () => {
  fc.assert(
    fc.property(event, fc.constantFrom(undefined, 2), (made, indent) => {
      const json = JSON.stringify(made, null, indent)
      const long = toRecord(parseStructured(JSON.parse(json)))
      const { record } = structuredEvent(Buffer.from(json), undefined)
      expect(record.headers).toEqual(long.headers)
      expect(record.key).toEqual(long.key)
      const parsed = (value: unknown): unknown => (value === null ? undefined : JSON.parse(value as string))
      expect(parsed(record.value)).toEqual(parsed(long.value))
    }),
  )
})

test('what goes in as structured JSON comes out as the same event, on one line', () => {
  fc.assert(
    fc.property(event, fc.constantFrom(undefined, 2), (made, indent) => {
      const record = stored(structuredEvent(Buffer.from(JSON.stringify(made, null, indent)), undefined))
      const out = eventJson(record, place)
      expect(out).not.toMatch(/[\r\n]/)
      // Extensions are texts in the log, whatever type they had.
      expect(parseStructured(JSON.parse(out))).toEqual({ ...fromRecord(record, place) })
      expect((JSON.parse(out) as { data?: unknown }).data).toEqual(JSON.parse(JSON.stringify(made)).data)
    }),
  )
})

test('numbers are passed on digit by digit', () => {
  const data = '{"n":12345678901234567890,"f":1.10}'
  const json = `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`
  const incoming = structuredEvent(Buffer.from(json), undefined)
  expect(incoming.record.value).toBe(data)
  expect(eventJson(stored(incoming), place)).toContain(`"data":${data}`)
})

test('a batch is the same as its events one by one', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 5 }), (events) => {
      const body = Buffer.from(JSON.stringify(events))
      const { ranges, text: whole } = batchText(body)
      const batch = ranges.map((range) => structuredAt(whole, range, undefined))
      expect(batch).toEqual(events.map((one) => structuredEvent(Buffer.from(JSON.stringify(one)), undefined)))
    }),
  )
})
