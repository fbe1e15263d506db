import { type LogRecord, event, isHeddleError, toRecord, utf8 } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Carried, carriedRecord, carriedTimes, carriedTuple, timesRecord } from './carried.ts'

const place = { topic: 't.count.repartition', partition: 1 }

/** What a log gives back of it. */
function stored(record: ReturnType<typeof carriedRecord>): LogRecord {
  const bytes = (text: Uint8Array | string): Uint8Array => (typeof text === 'string' ? utf8(text) : text)
  return {
    offset: 7,
    timestamp: 1,
    key: null,
    value: record.value === null ? null : bytes(record.value),
    headers: (record.headers ?? []).map(([name, value]) => [name, bytes(value)]),
  }
}

const tuple = (values: Carried['values'], more: Partial<Carried> = {}): Carried => ({
  component: 'map',
  stream: 'default',
  task: 3,
  origin: 'in:0:5:map:0',
  time: 1_700_000_000_000,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  partitionkey: undefined,
  input: undefined,
  namedTask: undefined,
  below: {},
  values,
  ...more,
})

const through = (carried: Carried): Carried => carriedTuple(stored(carriedRecord(carried, 1)), place)

test('whatever can be copied arrives as it was', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string(),
        fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true, withTypedArray: true }),
      ),
      fc.option(fc.string(), { nil: undefined }),
      (values, partitionkey) => {
        const carried = tuple(
          { ...values },
          { partitionkey, input: { topic: 'in', partition: 2, offset: 9 } },
        )
        expect(through(carried)).toEqual(carried)
      },
    ),
  )
})

test('an event goes byte for byte, one inside of a value as an event', () => {
  const first = event({ type: 'a', data: { n: 1 }, partitionkey: 'k' })
  const second = event({ type: 'b', data: new Uint8Array([1, 2]), datacontenttype: 'application/x' })
  const record = carriedRecord(tuple({ key: 'k', value: first }), 1)
  expect(record.value).toBe(toRecord(first).value)
  expect(record.partition).toBe(1)
  const { values } = through(
    tuple({ key: 'k', value: first, more: [second, { deep: second }] }, { partitionkey: 'k' }),
  )
  expect(values['key']).toBe('k')
  expect(values['value']).toMatchObject({ id: first.id, type: 'a', data: { n: 1 }, partitionkey: 'k' })
  expect(Object.keys(values['value'] as object)).not.toContain('heddle-tuple')
  expect(values['more']).toMatchObject([second, { deep: second }])
})

test('a function cannot go', () => {
  const failed = (): unknown => carriedRecord(tuple({ value: () => 1 }), 0)
  expect(failed).toThrow(
    expect.toSatisfy((error: unknown) => isHeddleError(error, 'HEDDLE_TUPLE_NOT_PORTABLE')),
  )
})

test('times are told apart from tuples, and strangers from both', () => {
  expect(carriedTimes(stored(timesRecord({ 'in/0': 5 }, 0)))).toEqual({ 'in/0': 5 })
  expect(carriedTimes(stored(carriedRecord(tuple({ value: 1 }), 0)))).toBeUndefined()
  expect(() => carriedTuple(stored({ value: 'x', headers: [] }), place)).toThrow('nothing but Heddle')
})
