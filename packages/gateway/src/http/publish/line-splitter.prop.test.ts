import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

const split = (bytes: Buffer, cuts: readonly number[], maxBytes: number): (string | undefined)[] => {
  const splitter = new LineSplitter(maxBytes)
  const lines: (string | undefined)[] = []
  const take = (line: Buffer | undefined): void => void lines.push(line?.toString())
  let from = 0
  for (const cut of cuts.map((one) => one % (bytes.length + 1)).sort((a, b) => a - b)) {
    splitter.push(bytes.subarray(from, cut), take)
    from = cut
  }
  splitter.push(bytes.subarray(from), take)
  splitter.end(take)
  return lines
}

test('however the bytes are cut, the lines are the same; too long ones are known as such', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\n', ''))
  fc.assert(
    fc.property(
      fc.array(line),
      fc.boolean(),
      fc.array(fc.nat(), { maxLength: 8 }),
      fc.integer({ min: 1, max: 40 }),
      (lines, ended, cuts, max) => {
        const text = lines.join('\n') + (ended ? '\n' : '')
        // A last line without a break that is empty is no line.
        const expected = (text === '' ? [] : text.replace(/\n$/, '').split('\n')).map((one) =>
          Buffer.byteLength(one) > max ? undefined : one,
        )
        expect(split(Buffer.from(text), cuts, max)).toEqual(expected)
      },
    ),
  )
})
