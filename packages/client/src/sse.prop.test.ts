import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SseParser } from './sse.ts'

const parse = (pieces: readonly string[]): { messages: unknown[]; retryMs: number | undefined } => {
  const parser = new SseParser()
  return { messages: pieces.flatMap((piece) => [...parser.push(piece)]), retryMs: parser.retryMs }
}

test("the specification's own examples", () => {
  expect(parse(['data: YHOO\ndata: +2\ndata: 10\n\n']).messages).toEqual([
    { event: 'message', data: 'YHOO\n+2\n10', id: '' },
  ])
  const stream =
    ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n'
  expect(parse([stream]).messages).toEqual([
    { event: 'message', data: 'first event', id: '1' },
    { event: 'message', data: 'second event', id: '' },
    { event: 'message', data: ' third event', id: '' },
  ])
  expect(parse(['data\n\ndata\ndata\n\ndata:']).messages).toEqual([
    { event: 'message', data: '', id: '' },
    { event: 'message', data: '\n', id: '' },
  ])
})

test('an id alone moves the place, retry is kept, and a name is given', () => {
  const { messages, retryMs } = parse(['retry: 1000\nid: 0:5\n\nevent: closed\ndata: {}\n\n'])
  expect(messages).toEqual([
    { event: 'message', data: undefined, id: '0:5' },
    { event: 'closed', data: '{}', id: '0:5' },
  ])
  expect(retryMs).toBe(1000)
})

test('however it is cut and whichever line ends it has, the messages are the same', () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n\0]/g, ''))
  const message = fc.record({ id: line, data: fc.array(line, { minLength: 1, maxLength: 3 }) })
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 4 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat(), { maxLength: 6 }),
      (made, end, cuts) => {
        // A comment at the end: what ends in a lone CR could still become a CRLF.
        const text = `\uFEFF${made.map(({ data, id }) => `id: ${id}${end}${data.map((one) => `data: ${one}${end}`).join('')}${end}`).join('')}:${end}`
        const places = [0, ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length]
        const pieces = places.slice(1).map((to, at) => text.slice(places[at], to))
        expect(parse(pieces).messages).toEqual(
          made.map(({ data, id }) => ({ event: 'message', data: data.join('\n'), id })),
        )
      },
    ),
  )
})
