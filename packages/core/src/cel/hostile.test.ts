import { describe, expect, it } from 'vitest'
import { compileExpression, event } from '../index.ts'
import { maxSteps } from './budget.ts'

const element = (data: unknown): unknown => event({ type: 'x', data })

describe('a hostile expression', () => {
  const loops = 'event.data.list.all(a, event.data.list.all(b, a + b >= 0))'

  it('has a bounded number of steps, whatever it loops over', () => {
    const small = Array.from({ length: 100 }, (_, index) => index)
    expect(compileExpression(loops)(element({ list: small }))).toBe(true)
    let taken = 0
    const list = new Proxy(
      Array.from({ length: 1000 }, () => 1),
      {
        get(target, name, receiver) {
          if (typeof name === 'string' && /^\d+$/.test(name)) taken++
          return Reflect.get(target, name, receiver)
        },
      },
    )
    expect(() => compileExpression(loops)(element({ list }))).toThrow(/loops take more than 100000 steps/)
    expect(taken).toBeGreaterThan(1000)
    expect(taken).toBeLessThan(2 * maxSteps)
  })

  it('cannot go on by errors that all and exists swallow', () => {
    const list = Array.from({ length: 300 }, () => 1)
    let failed = 0
    const row = new Proxy(
      {},
      {
        get: () => {
          failed++
          return undefined
        },
        has: () => true,
      },
    )
    const rows = list.map(() => row)
    for (const source of [
      'event.data.list.all(a, event.data.rows.all(b, b.x > 1))',
      'event.data.list.exists(a, event.data.rows.exists(b, b.x > 1))',
      'event.data.list.all(a, event.data.list.all(b, a + b > 0))',
    ]) {
      failed = 0
      expect(() => compileExpression(source)(element({ list, rows }))).toThrow(/loops take more than/)
      expect(failed).toBeLessThan(maxSteps)
    }
  })

  it('has a full budget again for the next element', () => {
    const once = compileExpression('event.data.list.map(a, a)')
    const list = Array.from({ length: maxSteps / 4 }, () => 0)
    for (let times = 0; times < 8; times++) expect(once(element({ list }))).toHaveLength(list.length)
  })

  it.each(['event.data.text.contains("b")', 'size(event.data.text) > 0', 'event.data.text == "b"'])(
    'pays for what %s goes through inside of a loop',
    (inner) => {
      const many = compileExpression(`event.data.list.map(x, ${inner})`)
      const list = Array.from({ length: 100 }, () => 0)
      const text = 'a'.repeat(100_000)
      expect(() => many(element({ list, text }))).toThrow(/steps/)
    },
  )

  it('that only looks at a few things is not counted as if it looped', () => {
    expect(
      compileExpression('event.data.list.filter(x, x > 1).map(x, {"n": x + 1, "s": string(x)})')(
        element({ list: [1, 2, 3] }),
      ),
    ).toEqual([
      { n: 3, s: '2' },
      { n: 4, s: '3' },
    ])
    expect(
      compileExpression('event.data.list.exists(x, has(x.a) && x.a in ["b"])')(
        element({ list: [{}, { a: 'b' }] }),
      ),
    ).toBe(true)
    expect(
      compileExpression('event.data.list.map(x, x.?a.orValue(0.000000000001))')(
        element({ list: [{}, { a: 2 }] }),
      ),
    ).toEqual([1e-12, 2])
  })

  it('cannot make values grow by naming them over and over', () => {
    const nested = (depth: number): string =>
      depth > 12
        ? `x${depth - 1}`
        : `cel.bind(x${depth}, ${depth === 0 ? '"ab"' : `x${depth - 1} + x${depth - 1}`}, ${nested(depth + 1)})`
    expect(() => compileExpression(nested(0))).toThrow(/written out, it has more than 5000 nodes/)
    expect(compileExpression('cel.bind(x, 2, x * x)')(element({}))).toBe(4)
  })

  it('cannot give more than a record could hold', () => {
    const list = Array.from({ length: 1000 }, () => 0)
    expect(() => compileExpression('event.data.list.map(x, event.data.list)')(element({ list }))).toThrow(
      /more than 100000 values/,
    )
    const text = 'a'.repeat(1_000_000)
    const sum = Array.from({ length: 20 }, () => 'event.data.text').join(' + ')
    expect(() => compileExpression(sum)(element({ text }))).toThrow(/characters/)
  })

  it.each([
    ['!'.repeat(5000) + 'true', /nested too deep|depth|Nodes/],
    ['-'.repeat(5000) + '1', /nested too deep|depth|Nodes/],
    ['['.repeat(5000), /nested too deep|depth|Nodes/i],
    ['event.data' + '.a'.repeat(5000), /nested too deep|depth|nodes/i],
    ['"' + 'a'.repeat(20_000) + '"', /more than 16384 characters/],
    ['__charge(event.data)', /__charge/],
  ])('%.20s… is refused', (source, why) => {
    expect(() => compileExpression(source)).toThrow(
      expect.objectContaining({ code: 'HEDDLE_EXPRESSION_INVALID', message: expect.stringMatching(why) }),
    )
  })
})
