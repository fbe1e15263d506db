import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkEvent, event, isJsonType, isTextType, parseStructured, toStructured } from '../index.ts'

const valid = { specversion: '1.0', id: '1', source: '/s', type: 't' } as const

describe('an event', () => {
  it('gets id, source and time where they are not given', () => {
    const made = event({ type: 't' })
    expect(made.id).toMatch(/^[0-9a-f-]{36}$/)
    expect(made.source).toBe('/')
    expect(Date.parse(made.time!)).not.toBeNaN()
  })

  it.each([
    [{ specversion: '0.3' }, 'specversion'],
    [{ id: '' }, 'id'],
    [{ id: 1 }, 'id'],
    [{ source: undefined }, 'source'],
    [{ type: null }, 'type'],
    [{ subject: '' }, 'subject'],
    [{ time: 'yesterday' }, 'time'],
    [{ time: '2026-13-01T00:00:00Z' }, 'time'],
    [{ datacontenttype: 'json' }, 'datacontenttype'],
    [{ extensions: { Upper: 'x' } }, 'Upper'],
    [{ extensions: { data: 'x' } }, 'data'],
    [{ extensions: { big: 2 ** 31 } }, 'big'],
    [{ extensions: { list: [] } }, 'list'],
  ])('with %j is refused, naming %s', (wrong, attribute) => {
    expect(() => checkEvent({ ...valid, ...wrong } as never)).toThrow(
      expect.objectContaining({ code: 'HEDDLE_EVENT_INVALID', info: { attribute } }),
    )
  })

  it('has JSON data by default, text and bytes by its content type', () => {
    expect(
      [undefined, 'application/json', 'application/vnd.x+json; charset=utf-8', 'TEXT/JSON'].map(isJsonType),
    ).toEqual([true, true, true, true])
    expect(
      ['text/plain', 'application/xml', 'image/svg+xml', 'image/png', 'text/json'].map(isTextType),
    ).toEqual([true, true, true, false, false])
  })
})

describe('an event as JSON', () => {
  it('has its extensions beside its attributes, and bytes in base64', () => {
    const e = event({
      ...valid,
      time: '2026-01-01T00:00:00Z',
      datacontenttype: 'image/png',
      extensions: { ext: 1 },
      data: Uint8Array.of(1, 2, 255),
    })
    const json = toStructured(e)
    expect(json).toEqual({
      ...valid,
      time: '2026-01-01T00:00:00Z',
      datacontenttype: 'image/png',
      ext: 1,
      data_base64: 'AQL/',
    })
    expect(parseStructured(json)).toEqual(e)
  })

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.uint8Array({ maxLength: 20_000 }), (json, binary) => {
        const plain = event({ ...valid, data: json })
        expect(parseStructured(JSON.parse(JSON.stringify(toStructured(plain))))).toEqual(
          JSON.parse(JSON.stringify(plain)),
        )
        const bytes = event({ ...valid, datacontenttype: 'image/png', data: binary })
        expect(parseStructured(JSON.parse(JSON.stringify(toStructured(bytes))))).toEqual(bytes)
      }),
    )
  })

  it.each([
    [[], 'an event is a JSON object'],
    [null, 'an event is a JSON object'],
    [{ ...valid, data_base64: '***' }, 'data_base64 must be base64'],
    [{ ...valid, data_base64: 'AQ==', data: 1 }, 'data_base64 must not stand beside data'],
    [{ ...valid, id: null }, 'id is missing'],
    [{ ...valid, ext: { deep: 1 } }, 'ext must be a string'],
  ])('%j is refused', (json, why) => {
    expect(() => parseStructured(json)).toThrow(why)
  })
})
