import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deframer, frame } from './framing.ts'

const message = fc.dictionary(fc.string(), fc.jsonValue())

test('messages come out as they went in, however the pipe cuts them', () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      (sent, cuts) => {
        const bytes = Buffer.from(sent.map(frame).join(''))
        const deframer = new Deframer(1e6)
        const received: unknown[] = []
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const size = cuts[cut % cuts.length]!
          received.push(...deframer.push(bytes.subarray(at, at + size)))
          at += size
        }
        expect(received).toEqual(JSON.parse(JSON.stringify(sent)))
      },
    ),
  )
})

test('what is no message is told by its first line, and what is too long by its beginning', () => {
  expect(() => new Deframer(100).push(Buffer.from('hello there\n{"command":"sync"}\nend\n'))).toThrow(
    '"hello there"',
  )
  expect(() => new Deframer(100).push(Buffer.from('12\nend\n'))).toThrow('"12"')
  expect(() => new Deframer(100).push(Buffer.from('x'.repeat(101)))).toThrow('more than 100 bytes')
})
