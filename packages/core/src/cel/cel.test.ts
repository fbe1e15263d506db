import { describe, expect, it } from 'vitest'
import { cel, celPredicate, compileExpression, event, fromRecord, toRecord, utf8 } from '../index.ts'

const order = event({
  id: '1',
  source: '/shop',
  type: 'order.placed',
  data: { total: 12, tags: ['eu', 'new'] },
})

describe('a CEL condition', () => {
  it('is true or false of an event', () => {
    expect(cel`event.type == 'order.placed' && event.data.total > 10`(order)).toBe(true)
    expect(cel`event.type.startsWith('issue')`(order)).toBe(false)
    expect(cel`has(event.subject)`(order)).toBe(false)
    expect(cel`event.data.tags.exists(t, t == ${'eu'})`(order)).toBe(true)
    expect(cel`value.count >= 2`({ count: 2 })).toBe(true)
    expect(cel`event.type.re2('^order\\.')`(order)).toBe(true)
  })

  it.each([
    ["event.tpye == 'x'", /tpye/],
    ['evnt.type', /no variable .evnt.; did you mean .event./],
    ["event.type = 'x'", /line 1, column 1[0-9]: Unexpected character/],
    ['event.type', /is of type string, and a condition is a bool/],
    ["event.type.matches('(a+)+$')", /re2\(text/],
    ["re2(event.type, '(')", /is not RE2/],
    ['[1].all(a, [1].all(b, [1].all(c, true)))', /nested 3 deep; 2 is the limit/],
    [`${'('.repeat(200)}true${')'.repeat(200)}`, /depth|nested/i],
    [Array.from({ length: 2000 }, () => 'true').join('&&'), /nodes|depth/i],
  ])('%.40s is refused when it is compiled', (source, why) => {
    expect(() => celPredicate(source)).toThrow(
      expect.objectContaining({ code: 'HEDDLE_EXPRESSION_INVALID', message: expect.stringMatching(why) }),
    )
  })

  it('fails on an event that lacks a field, and says which', () => {
    expect(() => cel`event.data.nothing > 1`(order)).toThrow(
      expect.objectContaining({
        code: 'HEDDLE_EXPRESSION_FAILED',
        message: expect.stringContaining('nothing'),
      }),
    )
  })

  it('gives values of any type as an expression', () => {
    expect(compileExpression('event.data.tags[0] + "!"')(order)).toBe('eu!')
  })

  it('does not count as taking the data, so that the record is passed on as it is', () => {
    const written = toRecord(event({ type: 'x', data: { n: 1 } }))
    const record = {
      offset: 0,
      timestamp: 0,
      key: null,
      value: utf8('{ "n": 1.0 }'),
      headers: written.headers!.map(([name, value]): [string, Uint8Array] => [name, utf8(value as string)]),
    }
    const read = fromRecord(record, { topic: 't', partition: 0 })
    expect(cel`event.data.n == 1`(read)).toBe(true)
    expect(toRecord(read).value).toBe(record.value)
  })
})
