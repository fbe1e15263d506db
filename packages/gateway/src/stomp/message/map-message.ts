/**
 * Maps of JMS, as ActiveMQ's STOMP clients write and read them in text: `transformation:jms-map-json` or `jms-map-xml` on SEND says
 * that the body is one, and on SUBSCRIBE in which form it is wanted. Source: https://activemq.apache.org/components/classic/documentation/stomp
 * (§ Message Transformations); the forms are those of XStream and Jettison.
 *
 * ```
 * json   {"map":{"entry": entry | [ entry* ] }}, or {"map":""} without entries
 * entry  {"string":[ name, value ]} for text, {"string": name, TYPE: value} for others
 * xml    <map><entry><string>NAME</string><TYPE>VALUE</TYPE></entry>…</map>
 * TYPE   string boolean byte short int long float double char
 * ```
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import type { Message } from './message.ts'

type Form = 'jms-map-json' | 'jms-map-xml'
type Entry = readonly [name: string, type: string, value: string]

const types = new Set(['string', 'boolean', 'byte', 'short', 'int', 'long', 'float', 'double', 'char'])
const isText = (type: string): boolean => type === 'string' || type === 'char'

/** What `transformation` of a SUBSCRIBE asks for; `undefined` for what is not about maps. */
export function wantedForm(transformation: string | undefined): Form | undefined {
  if (transformation === 'jms-map-json' || transformation === 'jms-json') return 'jms-map-json'
  return transformation === 'jms-map-xml' || transformation === 'jms-xml' ? 'jms-map-xml' : undefined
}

/** The message with its map in that form. One that is no map, or not what it says, stays as it is. */
export function withForm(message: Message, form: Form): Message {
  const { body, headers } = message
  const sent = headers.get('transformation')
  if ((sent !== 'jms-map-json' && sent !== 'jms-map-xml') || !isUtf8(body)) return message
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString()
  const entries = sent === 'jms-map-json' ? fromJson(text) : fromXml(text)
  if (!entries) return message
  const changed = Buffer.from(form === 'jms-map-json' ? toJson(entries) : toXml(entries))
  const all = new Map(headers).set('transformation', form)
  if (headers.has('content-length')) all.set('content-length', String(changed.length))
  return { ...message, headers: all, body: changed }
}

function fromJson(text: string): readonly Entry[] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  const map = (parsed as { readonly map?: unknown } | null)?.map
  if (map === '') return []
  const found = (map as { readonly entry?: unknown } | null)?.entry
  const all = Array.isArray(found) ? found : [found]
  const entries = all.map(entryOf)
  return entries.includes(undefined) ? undefined : (entries as Entry[])
}

function entryOf(value: unknown): Entry | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { string, ...others } = value as Readonly<Record<string, unknown>>
  const [[type, one] = [], more] = Object.entries(others)
  if (more) return undefined
  if (type === undefined)
    return Array.isArray(string) && string.length === 2 && string.every(isScalar)
      ? [String(string[0]), 'string', String(string[1])]
      : undefined
  const fits = isScalar(string) && types.has(type) && isScalar(one) && isValue(type, String(one))
  return fits ? [String(string), type, String(one)] : undefined
}

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value)

function toJson(entries: readonly Entry[]): string {
  if (entries.length === 0) return '{"map":""}'
  const all = entries.map(([name, type, value]) => {
    if (type === 'string') return `{"string":[${JSON.stringify(name)},${JSON.stringify(value)}]}`
    return `{"string":${JSON.stringify(name)},"${type}":${isText(type) ? JSON.stringify(value) : value}}`
  })
  return `{"map":{"entry":${all.length === 1 ? all[0] : `[${all.join()}]`}}}`
}

const xmlStart = /\s*(?:<\?xml[^>]*\?>\s*)?<map>/y
const xmlEntry = /\s*<entry>\s*<string>([^<]*)<\/string>\s*<([a-z]+)>([^<]*)<\/([a-z]+)>\s*<\/entry>/y
const xmlEnd = /\s*<\/map>\s*$/y

function fromXml(text: string): readonly Entry[] | undefined {
  if (/^\s*<map\s*\/>\s*$/.test(text)) return []
  const entries: Entry[] = []
  xmlStart.lastIndex = 0
  if (!xmlStart.test(text)) return undefined
  let at = xmlStart.lastIndex
  for (;;) {
    xmlEntry.lastIndex = at
    const [, name, type, value, end] = xmlEntry.exec(text) ?? []
    if (name === undefined) break
    if (!types.has(type!) || type !== end || !isValue(type!, value!)) return undefined
    entries.push([unescapeXml(name), type!, unescapeXml(value!)])
    at = xmlEntry.lastIndex
  }
  xmlEnd.lastIndex = at
  return xmlEnd.test(text) ? entries : undefined
}

/** What can be written in JSON as it stands. */
const isValue = (type: string, value: string): boolean =>
  isText(type) ||
  (type === 'boolean' ? /^(true|false)$/ : /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/).test(value)

const toXml = (entries: readonly Entry[]): string =>
  entries.length === 0
    ? '<map/>'
    : `<map>\n${entries.map(([name, type, value]) => `  <entry>\n    <string>${escapeXml(name)}</string>\n    <${type}>${escapeXml(value)}</${type}>\n  </entry>\n`).join('')}</map>`

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const written: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(named).map(([name, one]) => [one, `&${name};`]),
)

const escapeXml = (text: string): string => text.replaceAll(/[&<>"']/g, (one) => written[one]!)

const unescapeXml = (text: string): string =>
  text.replaceAll(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-z]{2,4}));/g, (all, hex, decimal, name) => {
    if (name !== undefined) return named[name as string] ?? all
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex as string, 16)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all
  })
