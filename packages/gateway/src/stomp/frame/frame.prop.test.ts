import { isHeddleError } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameDecoder } from './decoder.ts'
import { encodeFrame } from './encode.ts'
import { type Frame, versions } from './frame.ts'

const version = fc.constantFrom(...versions)
const text = fc.string({ unit: fc.constantFrom('a', 'é', '😀', ':', '\\', '\n', ' ', 'c', 'n', 'r', '\t') })
const name = text.filter((one) => one !== '' && one !== 'content-length')
const frame = fc
  .record({
    command: fc.constantFrom('SEND', 'MESSAGE', 'ACK'),
    headers: fc.array(fc.tuple(name, text)),
    body: fc.uint8Array({ maxLength: 300 }),
  })
  .map(({ body, command, headers }): Frame => {
    const all = new Map(headers)
    if (body.includes(0)) all.set('content-length', String(body.length))
    return { command, headers: all, body }
  })

/** As a reader of that version sees it: 1.0 has no escapes. */
const plain = ({ body, command, headers }: Frame, of: string): object => {
  const seen = new Map<string, string>()
  for (const [name, value] of headers) {
    if (of !== '1.0') seen.set(name, value)
    else {
      const kept = name.replaceAll(/[\n:]/g, '')
      if (!seen.has(kept)) seen.set(kept, value.replaceAll('\n', '').trim())
    }
  }
  return { command, headers: [...seen], body: [...body] }
}
const shown = ({ body, command, headers }: Frame): object => ({
  command,
  headers: [...headers],
  body: [...body],
})

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    yield bytes.slice(at, (at += size))
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 })

test('what is written is read, however it is cut, with heart-beats between', () => {
  fc.assert(
    fc.property(
      version,
      fc.array(fc.tuple(frame, fc.constantFrom('', '\n', '\r\n', '\n\n'))),
      sizes,
      (of, all, sizes) => {
        const usable = all.filter(
          ([{ headers }]) => of !== '1.0' || ![...headers.keys()].some((one) => /^[\n:]*$/.test(one)),
        )
        const bytes = Buffer.concat(usable.flatMap(([one, gap]) => [encodeFrame(one, of), Buffer.from(gap)]))
        const decoder = new FrameDecoder()
        decoder.version = of
        const frames: object[] = []
        for (const chunk of cut(bytes, sizes)) {
          decoder.push(chunk)
          // Shown at once and again later: a body may not change when more is read.
          for (let one = decoder.next(); one; one = decoder.next()) frames.push(one)
        }
        expect(frames.map((one) => shown(one as Frame))).toEqual(usable.map(([one]) => plain(one, of)))
        expect(decoder.between).toBe(true)
      },
    ),
  )
})

// Pieces of frames in any order come nearer to what is dangerous than bytes at random do.
const pieces = fc.oneof(
  fc.constantFrom(
    'SEND\n',
    'SEND',
    '\n',
    '\n\n',
    '\0',
    '\r',
    ':',
    'a:b\n',
    'a:\\t\n',
    '\\',
    'content-length:',
    '3\n',
    '99999999999\n',
    '-1\n',
    'é',
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
)

test('garbage is refused with an error of its own, and nothing is held beyond the limits', () => {
  const limits = { maxHeadBytes: 100, maxHeaders: 4, maxFrameBodyBytes: 50 }
  fc.assert(
    fc.property(version, fc.array(pieces, { maxLength: 60 }), sizes, (of, all, sizes) => {
      const decoder = new FrameDecoder(limits)
      decoder.version = of
      try {
        for (const chunk of cut(Buffer.from(all.join('')), sizes)) {
          decoder.push(chunk)
          for (let one = decoder.next(); one; one = decoder.next())
            expect(one.body.length).toBeLessThanOrEqual(50)
          expect(decoder.pending).toBeLessThanOrEqual(101)
        }
      } catch (error) {
        if (
          !isHeddleError(error, 'HEDDLE_STOMP_FRAME_INVALID') &&
          !isHeddleError(error, 'HEDDLE_STOMP_FRAME_TOO_LARGE')
        )
          throw error
      }
    }),
    { numRuns: 500 },
  )
})
