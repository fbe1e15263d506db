import { describe, expect, it } from 'vitest'
import { compileExpression, event } from '../index.ts'
import { compileIn } from './compile.ts'
import { typeOfSchema } from './types.ts'

const element = event({ type: 'x', data: { n: 3, half: 0.5, list: [1, 2], name: 'Ada' } })
const value = (source: string): unknown => compileExpression(source)(element)

describe('values of CEL', () => {
  it.each([
    ['1 + 2', 3],
    ['event.data.n + 1', 4],
    ['event.data.n / 2', 1.5],
    ['event.data.n % 2', 1],
    ['2 * event.data.half', 1],
    ['event.data.n == 3', true],
    ['size(event.data.list)', 2],
    ['{"n": event.data.n, "size": size(event.data.list)}', { n: 3, size: 2 }],
    ['[1, 0.5, "a", null]', [1, 0.5, 'a', null]],
    ['timestamp("2026-01-01T00:00:00Z")', '2026-01-01T00:00:00.000Z'],
    ['duration("1m30s")', '90s'],
    ['7u', 7],
    ['event.data.?missing.orValue("none")', 'none'],
  ])('%s is JSON', (source, expected) => {
    expect(value(source)).toEqual(expected)
  })

  it.each([
    ['9007199254740993', /does not fit/],
    ['1.0 / 0.0', /Infinity/],
    ['b"a"', /bytes/],
    ['type(1)', /Type/],
    ['event.data.n % 0', /modulo by zero/],
  ])('%s cannot be one', (source, why) => {
    expect(() => value(source)).toThrow(
      expect.objectContaining({ code: 'HEDDLE_EXPRESSION_FAILED', message: expect.stringMatching(why) }),
    )
  })
})

describe('an expression over data with a schema', () => {
  const scope = {
    element: 'event' as const,
    type: typeOfSchema({
      type: 'object',
      properties: {
        total: { type: 'integer' },
        name: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        items: { type: 'array', items: { $ref: '#/$defs/item' } },
        open: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: true },
        either: { type: ['string', 'number'] },
        kind: { enum: ['a', 'b'] },
        tree: { $ref: '#/$defs/tree' },
      },
      $defs: {
        item: { type: 'object', properties: { price: { type: 'number' } } },
        tree: { type: 'object', properties: { left: { $ref: '#/$defs/tree' } } },
      },
    }),
  }

  it.each([
    ['event.data.total > 100', 'bool'],
    ['event.data.total + 1', 'double'],
    ['event.data.tags', 'list<string>'],
    ['event.data.items.map(i, i.price * 2)', 'list<double>'],
    ['event.data.open.b', 'dyn'],
    ['event.data.either', 'dyn'],
    ['event.data.kind', 'string'],
    ['event.data.tree.left.left.left', expect.anything()],
    ['has(event.data.name)', 'bool'],
  ])('%s has a type', (source, type) => {
    expect(compileIn(scope, source).type).toEqual(type)
  })

  it.each([
    ['event.data.totl > 1', "there is no field 'totl'; did you mean 'total'?", 10],
    ['event.data.items.exists(i, i.prise > 1)', "there is no field 'prise'; did you mean 'price'?", 27],
    ['event.data.items[0].x', "there is no field 'x'", 0],
    ['event.data.name > 1', 'no such overload: string > int', 0],
    ['event.data.name.startsWth("a")', "there is no function 'startsWth'; did you mean 'startsWith'?", 0],
    ['foo(event.type)', "there is no function 'foo'", 0],
    ['event.data.name.startsWith(1)', "found no matching overload for 'string.startsWith(int)'", 0],
    ['event.data.tags.exist(t, t == "a")', "did you mean 'exists'?", 0],
    ['"n" + event.data.total', 'string(…) makes a text', 0],
    ['event.data.total = 1', 'two of them compare: ==', 0],
    ['event.tpye == "x"', "there is no field 'tpye'; did you mean 'type'?", 0],
    ['value.x', "an element here is an event: it is called 'event'", 0],
    ['order', "a text goes into quotes of its own: 'order'", 0],
  ])('%s is refused, with its place', (source, reason) => {
    expect(() => compileIn(scope, source)).toThrow(
      expect.objectContaining({
        code: 'HEDDLE_EXPRESSION_INVALID',
        info: expect.objectContaining({ reason: expect.stringContaining(reason), start: expect.any(Number) }),
      }),
    )
  })
})
