/**
 * Events as this client sends and gets them: CloudEvents 1.0, extension attributes beside the others, as in their JSON format.
 *
 * @module
 */

/** An event with data of type `T`. Of events that are not JSON, `data` is a string (text types) or bytes. */
export interface Event<T = unknown> {
  readonly specversion: '1.0'
  /** Unique within `source`; the pair is what repeats are found by. */
  readonly id: string
  /** URI-reference of where it happened. */
  readonly source: string
  readonly type: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly subject?: string
  /** When it happened, RFC 3339. */
  readonly time?: string
  /** Events with the same key stay in order. */
  readonly partitionkey?: string
  readonly traceparent?: string
  readonly tracestate?: string
  readonly data: T
  /** Extension attributes. */
  readonly [extension: string]: unknown
}

/** What is needed to publish an event. `id` defaults to a random UUID, `source` to `/`, `time` to now. */
export interface EventInit {
  readonly type: string
  readonly id?: string
  readonly source?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly subject?: string
  readonly time?: string
  readonly partitionkey?: string
  readonly traceparent?: string
  readonly tracestate?: string
  /** Any JSON value, or bytes. */
  readonly data?: unknown
  /** Extension attributes. */
  readonly [extension: string]: unknown
}

/** The event as JSON text, with what was left out made up: once, so that every attempt sends the same identity. */
export function eventText(init: EventInit): string {
  const { data, ...attributes } = init
  return JSON.stringify({
    specversion: '1.0',
    id: randomId(),
    source: '/',
    time: new Date().toISOString(),
    ...attributes,
    ...(data instanceof Uint8Array ? { data_base64: toBase64(data) } : { data }),
  })
}

/** The event of its JSON. */
export const readEvent = <T>(json: string): Event<T> =>
  eventOf<T>(JSON.parse(json) as Record<string, unknown>)

/** The event of the object that its JSON is. */
export function eventOf<T>(event: Readonly<Record<string, unknown>>): Event<T> {
  if (typeof event['data_base64'] !== 'string') return event as unknown as Event<T>
  const { data_base64: base64, ...rest } = event
  return { ...rest, data: fromBase64(base64) } as unknown as Event<T>
}

// crypto.randomUUID is there only on https pages; getRandomValues is there always. RFC 9562 § 5.4.
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  // fromCharCode takes its arguments on the stack, so a piece at a time.
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(binary)
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
