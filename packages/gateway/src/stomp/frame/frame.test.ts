import { describe, expect, test } from 'vitest'
import { FrameDecoder } from './decoder.ts'
import { encodeFrame } from './encode.ts'
import { type Frame, type FrameLimits, type Version, noBody } from './frame.ts'

function read(
  bytes: string | Uint8Array,
  version: Version = '1.2',
  limits: Partial<FrameLimits> = {},
): Frame[] {
  const decoder = new FrameDecoder(limits)
  decoder.version = version
  decoder.push(Buffer.from(bytes as string))
  const frames: Frame[] = []
  for (let one = decoder.next(); one; one = decoder.next()) frames.push(one)
  return frames
}

const headersOf = (bytes: string, version?: Version): object =>
  Object.fromEntries(read(bytes, version)[0]!.headers)

test('a body ends at the NUL, or after content-length', () => {
  const [a, b] = read('\n\r\nSEND\na:1\n\nx\ny\0\nSEND\r\ncontent-length:3\r\n\r\n\0\0\0\0\n')
  expect(Buffer.from(a!.body).toString()).toBe('x\ny')
  expect([...b!.body]).toEqual([0, 0, 0])
})

test('it makes no difference where the stream is cut', () => {
  const bytes = Buffer.from('SEND\na:1\n\nx\0\nSEND\nb:2\r\ncontent-length:2\n\n\0y\0SEND\n\n\0')
  for (let first = 0; first < bytes.length; first++) {
    for (let second = first; second < bytes.length; second++) {
      const decoder = new FrameDecoder()
      const bodies: string[] = []
      for (const chunk of [bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second)]) {
        decoder.push(chunk)
        for (let one = decoder.next(); one; one = decoder.next())
          bodies.push(Buffer.from(one.body).toString())
      }
      expect(bodies).toEqual(['x', '\0y', ''])
    }
  }
})

test('a whole body is not copied', () => {
  const decoder = new FrameDecoder()
  const chunk = Buffer.from('SEND\n\nabc\0')
  decoder.push(chunk)
  expect(decoder.next()!.body.buffer).toBe(chunk.buffer)
})

test('the first of a repeated header counts', () => {
  expect(headersOf('SEND\na:1\na:2\n\n\0')).toEqual({ a: '1' })
})

test('escapes and blanks are read as the version has them', () => {
  const text = 'SEND\na\\cb: x\\ny \n\n\0'
  expect(headersOf(text, '1.0')).toEqual({ 'a\\cb': 'x\\ny' })
  expect(headersOf(text, '1.1')).toEqual({ 'a:b': ' x\ny ' })
  expect(headersOf('SEND\na:\\r\n\n\0', '1.2')).toEqual({ a: '\r' })
})

test('nothing is escaped in CONNECT and CONNECTED, in whatever version', () => {
  expect(headersOf('CONNECT\npasscode:a\\cb\n\n\0')).toEqual({ passcode: 'a\\cb' })
  const connected = { command: 'CONNECTED', headers: new Map([['server', 'a:b']]), body: noBody }
  expect(encodeFrame(connected, '1.2').toString()).toBe('CONNECTED\nserver:a:b\n\n\0')
})

test.each(['1.0', '1.1', '1.2'] as const)('no value begins a header of its own in %s', (version) => {
  const frame = { command: 'MESSAGE', headers: new Map([['a', 'x\nb:y\r\0z']]), body: noBody }
  expect([...read(encodeFrame(frame, version), version)[0]!.headers.keys()]).toEqual(['a'])
})

describe('what is refused says why', () => {
  test.each([
    ['send\n\n\0', 'there is no command "send"'],
    ['SEND\nabc\n\n\0', 'a header is name:value, and this is "abc"'],
    ['SEND\n:abc\n\n\0', 'a header is name:value'],
    ['SEND\na:\\t\n\n\0', '"\\\\t" is not an escape of STOMP 1.2'],
    ['SEND\na:x\\\n\n\0', '"\\\\" is not an escape of STOMP 1.2'],
    ['SEND\ncontent-length:x\n\n\0', 'content-length is a number of bytes, and is "x"'],
    ['SEND\ncontent-length:-1\n\n\0', 'content-length is a number of bytes'],
    ['SEND\ncontent-length:1\n\nabc\0', 'content-length of the SEND is 1, and no NUL follows'],
    [Buffer.from([0x53, 0x0a, 0xff, 0x3a, 0x0a, 0x0a, 0]), 'not UTF-8'],
  ])('%j', (bytes, why) => expect(() => read(bytes)).toThrow(why))

  test('an escape of CR in 1.1', () => {
    expect(() => read('SEND\na:\\r\n\n\0', '1.1')).toThrow('is not an escape of STOMP 1.1')
  })
})

describe('limits hold before memory is taken', () => {
  const limits = { maxHeadBytes: 20, maxHeaders: 2, maxFrameBodyBytes: 5 }
  test.each([
    ['S'.repeat(21), 'maxHeadBytes'],
    ['SEND\na:1\nb:2\nc:3\nd:45\n', 'maxHeadBytes'],
    ['SEND\na:1\nb:2\nc:3\n\n\0', 'maxHeaders'],
    ['SEND\n\n123456', 'maxFrameBodyBytes'],
    ['SEND\ncontent-length:6\n\n', 'maxHeadBytes'],
  ])('%j', (bytes, limit) => expect(() => read(bytes, '1.2', limits)).toThrow(limit))

  test('a length that is announced is refused at once', () => {
    expect(() => read('SEND\ncontent-length:6\n\n', '1.2', { maxFrameBodyBytes: 5 })).toThrow(
      'maxFrameBodyBytes',
    )
  })
})
