import { describe, expect, it } from 'vitest'
import { wantedForm, withForm } from './map-message.ts'

const message = (transformation: string, body: string, more: Record<string, string> = {}) => ({
  id: '1',
  headers: new Map(Object.entries({ transformation, ...more })),
  body: Buffer.from(body),
})
const turned = (transformation: string, body: string, to: 'jms-map-json' | 'jms-map-xml'): string =>
  Buffer.from(withForm(message(transformation, body), to).body).toString()

const json =
  '{"map":{"entry":[{"string":["name","a<&>\\"b"]},{"string":"size","long":7},{"string":"ok","boolean":true}]}}'
const xml = `<map>
  <entry>
    <string>name</string>
    <string>a&lt;&amp;&gt;&quot;b</string>
  </entry>
  <entry>
    <string>size</string>
    <long>7</long>
  </entry>
  <entry>
    <string>ok</string>
    <boolean>true</boolean>
  </entry>
</map>`

describe('maps of JMS', () => {
  it('are what a client asks for', () => {
    expect(turned('jms-map-json', json, 'jms-map-xml')).toBe(xml)
    expect(turned('jms-map-xml', xml, 'jms-map-json')).toBe(json)
    expect(turned('jms-map-xml', '<map/>', 'jms-map-json')).toBe('{"map":""}')
    expect(turned('jms-map-json', '{"map":""}', 'jms-map-xml')).toBe('<map/>')
    expect(wantedForm('jms-xml')).toBe('jms-map-xml')
    expect(wantedForm('jms-object-json')).toBeUndefined()
  })

  it('say their form, and their new length where they had one', () => {
    const { body, headers } = withForm(
      message('jms-map-json', json, { 'content-length': '1' }),
      'jms-map-xml',
    )
    expect(Object.fromEntries(headers)).toEqual({
      transformation: 'jms-map-xml',
      'content-length': String(body.length),
    })
  })

  it.each([
    ['jms-map-json', 'no map'],
    ['jms-map-json', 'null'],
    ['jms-map-json', '{"map":{"entry":[{"string":["a","b","c"]}]}}'],
    ['jms-map-json', '{"map":{"entry":{"string":"a","int":"many"}}}'],
    ['jms-map-json', '{"map":{"entry":{"string":"a","list":7}}}'],
    ['jms-map-json', '{"map":{"entry":{"string":"a","int":7,"long":8}}}'],
    ['jms-map-xml', '<map><entry><string>a</string><int>x</int></entry></map>'],
    ['jms-map-xml', '<map><entry><string>a</string><int>1</long></entry></map>'],
    ['jms-map-xml', '<map>'],
    ['jms-object-json', json],
  ])('what is none stays as it is: %s %s', (transformation, body) => {
    const sent = message(transformation, body)
    expect(withForm(sent, 'jms-map-xml')).toBe(sent)
    expect(withForm(sent, 'jms-map-json')).toBe(sent)
  })
})
