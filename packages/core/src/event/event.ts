/**
 * The event: a CloudEvents 1.0 event, the envelope of every message that crosses the fabric.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 *
 * @module
 */
import { HeddleError } from '../errors.ts'

/** The types of CloudEvents attributes (§ 3.1): integers are 32-bit, timestamps and URIs are strings. */
export type ExtensionValue = string | number | boolean | Uint8Array

export interface EventAttributes {
  readonly specversion: '1.0'
  /** Unique within `source`; the pair is what deduplication goes by. */
  readonly id: string
  /** URI-reference of where it happened. */
  readonly source: string
  readonly type: string
  /** Media type of `data`. JSON when absent. */
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly subject?: string
  /** When it happened, RFC 3339. */
  readonly time?: string
  /** Events with the same key stay in order (the Partitioning extension). */
  readonly partitionkey?: string
  /** W3C trace context (the Distributed Tracing extension). */
  readonly traceparent?: string
  readonly tracestate?: string
  /** All other extension attributes, by name. On the wire they stand beside the others. */
  readonly extensions?: Readonly<Record<string, ExtensionValue>>
}

/**
 * An event with data of type `T`: a JSON value when `datacontenttype` is JSON or absent, a string for text, and a
 * Uint8Array otherwise. `undefined` when it has none. Immutable.
 */
export interface Event<T = unknown> extends EventAttributes {
  readonly data: T
}

/** What is needed to make an event; the rest has defaults. */
export interface EventInit<T = unknown> extends Partial<Omit<EventAttributes, 'specversion'>> {
  readonly type: string
  readonly data?: T
}

/** Attributes of the specification, and the extensions that Heddle knows by name. */
export const knownAttributes: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'datacontenttype',
  'dataschema',
  'subject',
  'time',
  'partitionkey',
  'traceparent',
  'tracestate',
])

/**
 * Makes an event.
 *
 * @param init `id` defaults to a random UUID, `source` to `/`, `time` to now.
 * @throws HEDDLE_EVENT_INVALID
 * @example event({ source: '/shop', type: 'order.placed', data: { total: 12 } })
 */
export function event<T = undefined>(init: EventInit<T>): Event<T> {
  const made = {
    specversion: '1.0' as const,
    ...init,
    id: init.id ?? crypto.randomUUID(),
    source: init.source ?? '/',
    time: init.time ?? new Date().toISOString(),
    data: init.data as T,
  }
  checkEvent(made)
  return Object.freeze(made)
}

/** True for anything that has the required attributes of CloudEvents 1.0. */
export function isEvent(value: unknown): value is Event {
  if (typeof value !== 'object' || value === null) return false
  const { specversion, id, source, type } = value as Partial<EventAttributes>
  return (
    specversion === '1.0' && typeof id === 'string' && typeof source === 'string' && typeof type === 'string'
  )
}

const extensionName = /^[a-z0-9]{1,64}$/
// RFC 3339 date-time; the ranges that a pattern cannot tell are left to Date.
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
const mediaType = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;.*)?$/

const invalid = (attribute: string, why: string): never => {
  throw new HeddleError('HEDDLE_EVENT_INVALID', `${attribute} ${why}`, { info: { attribute } })
}

const text = (value: unknown, attribute: string, required: boolean): void => {
  if (value === undefined) return required ? invalid(attribute, 'is missing') : undefined
  if (typeof value !== 'string') return invalid(attribute, `must be a string, and is ${typeof value}`)
  if (value === '') invalid(attribute, 'must not be empty')
}

/**
 * Checks the attributes against the specification; data is not looked at.
 * @throws HEDDLE_EVENT_INVALID naming the first attribute that is wrong.
 */
export function checkEvent(candidate: Partial<EventAttributes>): asserts candidate is EventAttributes {
  const { specversion, id, source, type, time, datacontenttype, extensions } = candidate
  if (specversion !== '1.0')
    invalid(
      'specversion',
      specversion === undefined ? 'is missing' : `must be "1.0", and is ${JSON.stringify(specversion)}`,
    )
  text(id, 'id', true)
  text(source, 'source', true)
  text(type, 'type', true)
  text(candidate.subject, 'subject', false)
  text(candidate.dataschema, 'dataschema', false)
  text(candidate.partitionkey, 'partitionkey', false)
  text(candidate.traceparent, 'traceparent', false)
  text(candidate.tracestate, 'tracestate', false)
  text(time, 'time', false)
  if (time !== undefined && (!rfc3339.test(time) || Number.isNaN(Date.parse(time))))
    invalid('time', `must be an RFC 3339 timestamp, and is ${JSON.stringify(time)}`)
  text(datacontenttype, 'datacontenttype', false)
  if (datacontenttype !== undefined && !mediaType.test(datacontenttype))
    invalid('datacontenttype', `must be a media type, and is ${JSON.stringify(datacontenttype)}`)
  if (extensions !== undefined) checkExtensions(extensions)
}

function checkExtensions(extensions: Readonly<Record<string, unknown>>): void {
  for (const name in extensions) {
    if (!extensionName.test(name))
      invalid(name, 'is not an attribute name: lower-case letters and digits only')
    if (name === 'data' || knownAttributes.has(name)) invalid(name, 'is not an extension')
    const value = extensions[name]
    const fits =
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      value instanceof Uint8Array ||
      (typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31)
    if (!fits) invalid(name, 'must be a string, a boolean, a 32-bit integer or bytes')
  }
}

/** True when `datacontenttype` says JSON: absent, `application/json`, `text/json` or `…+json`. */
export function isJsonType(datacontenttype: string | undefined): boolean {
  if (datacontenttype === undefined || datacontenttype === 'application/json') return true
  const type = datacontenttype.split(';', 1)[0]!.trim().toLowerCase()
  return type.endsWith('/json') || type.endsWith('+json')
}

/** True when `datacontenttype` says text, so that data is a string. */
export function isTextType(datacontenttype: string | undefined): boolean {
  return (
    datacontenttype !== undefined &&
    /^text\/|^application\/(xml|yaml|x-ndjson)\b|\+xml\b/i.test(datacontenttype) &&
    !isJsonType(datacontenttype)
  )
}

/** The milliseconds of `time`, or `undefined` when the event has none. */
export function eventTime(candidate: EventAttributes): number | undefined {
  return candidate.time === undefined ? undefined : Date.parse(candidate.time)
}
