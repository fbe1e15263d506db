import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Reader, Writer } from './bytes.ts'
import { ThriftException, callFrame, readReply } from './message.ts'
import { type Type, bigInt64, binary, bool, double, int32, int64, list, map, string, struct } from './type.ts'

const inner = struct({ name: [1, string], size: [2, int64, 'optional'] })
const outer = struct({
  yes: [1, bool],
  count: [2, int32],
  mean: [3, double, 'optional'],
  data: [4, binary, 'optional'],
  parts: [5, list(inner)],
  named: [300, map(inner, list(string)), 'optional'],
})

function bytesOf<T>(type: Type<T>, value: T): Buffer {
  const writer = new Writer()
  type.write(writer, value)
  return Buffer.from(writer.written)
}

// As Apache Thrift 0.22 for Java writes them.
describe('golden bytes', () => {
  test('of a struct', () => {
    const bytes = bytesOf(outer, {
      yes: true,
      count: -2,
      parts: [{ name: 'é', size: 258 }],
      named: new Map([[{ name: 'k' }, ['v']]]),
    })
    expect(bytes.toString('hex')).toBe(
      [
        '02000101', // bool 1: true
        '080002fffffffe', // int32 2: -2
        '0f00050c00000001', // list 5 of struct, 1
        '0b000100000002c3a90a0002000000000000010200',
        '0d012c0c0f00000001', // map 300 of struct to list, 1
        '0b0001000000016b00',
        '0b000000010000000176',
        '00',
      ].join(''),
    )
  })

  test('of a call', () => {
    const args = struct({ name: [1, string] })
    expect(callFrame('activate', args, { name: 'a' }, 7).toString('hex')).toBe(
      '0000001d' +
        '80010001' +
        '00000008' +
        Buffer.from('activate').toString('hex') +
        '00000007' +
        '0b00010000000161' +
        '00',
    )
  })
})

test('what is written is read', () => {
  const part = fc.record(
    { name: fc.string({ unit: 'grapheme' }), size: fc.maxSafeInteger() },
    { requiredKeys: ['name'] },
  )
  const value = fc.record(
    {
      yes: fc.boolean(),
      count: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      mean: fc.double({ noNaN: true }),
      data: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      parts: fc.array(part, { maxLength: 20 }),
      named: fc.array(fc.tuple(part, fc.array(fc.string()))).map((entries) => new Map(entries)),
    },
    { requiredKeys: ['yes', 'count', 'parts'] },
  )
  fc.assert(
    fc.property(value, (sent) => {
      expect(outer.read(new Reader(bytesOf(outer, sent)))).toEqual(sent)
    }),
  )
})

test('fields that are not known are read over, whatever they are', () => {
  const later = struct({
    yes: [1, bool],
    count: [2, int32],
    parts: [5, list(inner)],
    a: [10, map(string, outer)],
    b: [11, double],
    c: [12, int64],
    d: [13, list(list(bool))],
    e: [14, string],
  })
  const value = { yes: false, count: 1, parts: [] }
  const sent = { ...value, a: new Map([['x', value]]), b: 1.5, c: 3, d: [[true]], e: 'text' }
  expect(outer.read(new Reader(bytesOf(later, sent)))).toEqual(value)
})

test('a struct without a field that it must have, and bytes that end too early, are refused', () => {
  expect(() => inner.read(new Reader(Buffer.from([0])))).toThrow("without its field 'name'")
  const whole = bytesOf(inner, { name: 'whole' })
  for (let size = 0; size < whole.length; size++)
    expect(() => inner.read(new Reader(whole.subarray(0, size)))).toThrow(RangeError)
})

describe('a reply', () => {
  const reply = struct({ result: [0, string, 'optional'] })
  const message = (kind: number, name: string, sequence: number, body: Buffer): Buffer => {
    const frame = callFrame(name, struct({}), {}, sequence).subarray(4, -1)
    frame[3] = kind
    return Buffer.concat([frame, body])
  }

  test('holds the result', () => {
    const body = bytesOf(reply, { result: 'here' })
    expect(readReply(message(2, 'get', 3, body), 'get', 3, reply)).toEqual({ result: 'here' })
  })

  test('or an exception that nobody declared', () => {
    const body = bytesOf(struct({ message: [1, string] }), { message: 'Internal error' })
    expect(() => readReply(message(3, 'get', 3, body), 'get', 3, reply)).toThrow(ThriftException)
    expect(() => readReply(message(3, 'get', 3, body), 'get', 3, reply)).toThrow('Internal error')
  })

  test('is of this call', () => {
    const body = bytesOf(reply, {})
    expect(() => readReply(message(2, 'get', 4, body), 'get', 3, reply)).toThrow('answered by get (4)')
    expect(() => readReply(message(1, 'get', 3, body), 'get', 3, reply)).toThrow('of kind 1')
  })
})

test('a whole number of 64 bits is read as it was written', () => {
  const type = struct({ long: [2, bigInt64] })
  for (const long of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -1n]) {
    const bytes = bytesOf(type, { long })
    expect(bytes.toString('hex')).toBe(`0a0002${BigInt.asUintN(64, long).toString(16).padStart(16, '0')}00`)
    expect(type.read(new Reader(bytes))).toEqual({ long })
  }
})
