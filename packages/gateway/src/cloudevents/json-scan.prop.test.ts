import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as bytes from './json-scan.ts'

const isJson = (text: string): boolean => bytes.isJson(Buffer.from(text))
const scanObject = (text: string, name: string): bytes.ObjectRange | undefined =>
  bytes.scanObject(Buffer.from(text), Buffer.from(name))
const scanArray = (text: string, name: string): bytes.ObjectRange[] | undefined =>
  bytes.scanArray(Buffer.from(text), Buffer.from(name))
const slice = (text: string, start: number, end: number): unknown =>
  JSON.parse(Buffer.from(text).toString('utf8', start, end))

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/)
/** JSON as people and programs write it: with white space, escapes, and any spelling of numbers. */
const json = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('true', 'false', 'null', '0', '-0', '1e5', '-1.25E-3', '12345678901234567890', '""'),
    fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
    fc.constantFrom('"\\u00e9\\ud83d\\ude00\\n\\/"', '"\\\\\\""'),
    fc
      .tuple(space, fc.array(fc.tuple(space, tie('value'), space), { maxLength: 4 }))
      .map(([inside, items]) => `[${inside}${items.map((parts) => parts.join('')).join(',')}]`),
    fc
      .tuple(
        space,
        fc.array(fc.tuple(fc.string({ maxLength: 5 }), space, tie('value'), space), { maxLength: 4 }),
      )
      .map(
        ([inside, members]) =>
          `{${inside}${members.map(([name, before, value, after]) => `${JSON.stringify(name)}${before}:${value}${after}`).join(',')}}`,
      ),
  ),
})).value

test('what is JSON is seen as JSON, with any white space around it', () => {
  fc.assert(
    fc.property(space, json, space, (before, text, after) => {
      expect(isJson(before + text + after)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('with a character put in, left out or changed, it agrees with JSON.parse', () => {
  const edit = fc.tuple(
    fc.nat(),
    fc.constantFrom('', ...Array.from('{}[]",:\\ -+.eE019tfnu\n\t\u0000\u001f\u00e9')),
    fc.nat(1),
  )
  fc.assert(
    fc.property(json, edit, (text, [where, put, drop]) => {
      const at = where % (text.length + 1)
      const edited = text.slice(0, at) + put + text.slice(at + drop)
      expect(isJson(edited)).toBe(parses(edited))
    }),
    { numRuns: 5000 },
  )
})

test('any text at all: it agrees with JSON.parse', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(isJson(text)).toBe(parses(text))
    }),
    { numRuns: 2000 },
  )
})

test('a member is found where JSON.parse would take it from, the last of its name', () => {
  const member = fc.tuple(fc.constantFrom('"data"', '"dat"', '"data2"', '"id"'), space, json)
  fc.assert(
    fc.property(fc.array(member, { maxLength: 5 }), (members) => {
      const text = `{${members.map(([name, gap, value]) => `${name}${gap}:${gap}${value}`).join(',')}}`
      const { valueEnd, valueStart } = scanObject(text, 'data')!
      const parsed = JSON.parse(text) as Record<string, unknown>
      expect(valueStart === -1 ? undefined : slice(text, valueStart, valueEnd)).toEqual(parsed['data'])
    }),
  )
})

test('an escaped name is left to a real parser', () => {
  expect(scanObject('{"d\\u0061ta":1}', 'data')).toBeUndefined()
})

test('the elements of an array stand where their text is', () => {
  fc.assert(
    fc.property(fc.array(json, { maxLength: 6 }), space, (items, gap) => {
      const text = `${gap}[${items.join(`${gap},${gap}`)}]${gap}`
      const found = scanArray(text, 'data')!.map(({ end, start }) => slice(text, start, end))
      expect(found).toEqual(items.map((item) => JSON.parse(item) as unknown))
    }),
  )
})

test('an array that is cut short, or followed by something, is none', () => {
  for (const text of ['', '[', '[1', '[1,', '[1,]', '[1] 2', '{}', '[1 2]'])
    expect(scanArray(text, 'data')).toBeUndefined()
})

test('nesting is bounded', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  expect(isJson(nested(bytes.maxJsonDepth))).toBe(true)
  expect(isJson(nested(bytes.maxJsonDepth + 1))).toBe(false)
  expect(isJson('['.repeat(1_000_000))).toBe(false)
})
