/**
 * A record of the log as a MESSAGE, with the headers that ActiveMQ gives one.
 *
 * @module
 */
import { type Bytes, type Event, type Header, type LogRecord, type RecordInput, toRecord } from '@heddle/core'
import { decodeName, queueOfTopic } from '../destination/log-names.ts'
import { type Frame, noBody } from '../frame/frame.ts'
import type { Value } from '../selector/value.ts'
import { stompPrefix } from './record.ts'

/** Where a message was read, and how. */
export interface MessagePlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly redelivered: boolean
}

/** What a message says of itself; everything that a selector can ask for. */
export interface Message {
  readonly id: string
  readonly headers: Map<string, string>
  readonly body: Uint8Array
}

const decoder = new TextDecoder()
const text = (value: Bytes | string): string => (typeof value === 'string' ? value : decoder.decode(value))

/**
 * @param queue The queue that gave it, where it is not the one that its topic belongs to: one that is fed by a virtual topic.
 */
export function messageOf(
  record: Pick<LogRecord | RecordInput, 'value' | 'headers'>,
  place: MessagePlace,
  queue?: string,
): Message {
  const id = `ID:${place.topic}:${place.partition}:${place.offset}`
  const headers = new Map<string, string>()
  const own: [string, string][] = []
  const attributes = new Map<string, string>()
  for (const [name, value] of record.headers ?? ([] as Header[])) {
    if (name.startsWith(stompPrefix)) own.push([name.slice(stompPrefix.length), text(value)])
    else if (name.startsWith('ce_')) attributes.set(name.slice(3), text(value))
    else if (name === 'content-type') attributes.set('datacontenttype', text(value))
  }
  const topicText = destinationOfTopic(place.topic)
  const temporary = own.find(([name]) => name === 'destination')?.[1]
  headers.set('destination', temporary ?? (queue === undefined ? topicText : `/queue/${queue}`))
  headers.set('message-id', id)
  const expiry = Date.parse(attributes.get('expirytime') ?? '')
  headers.set('expires', String(Number.isNaN(expiry) ? 0 : expiry))
  if (place.redelivered) headers.set('redelivered', 'true')
  headers.set('priority', attributes.get('priority') ?? '4')
  const time = Date.parse(attributes.get('time') ?? '')
  headers.set('timestamp', String(Number.isNaN(time) ? place.timestamp : time))
  if (queue !== undefined && topicText !== headers.get('destination'))
    headers.set('original-destination', topicText)
  for (const [name, value] of own) if (!headers.has(name)) headers.set(name, value)
  const schedule = attributes.get('scheduleid')
  if (schedule !== undefined) headers.set('scheduledJobId', schedule)

  const body =
    record.value === null
      ? noBody
      : typeof record.value === 'string'
        ? Buffer.from(record.value)
        : record.value
  setFailure(headers, attributes)
  const foreign = own.length === 0 && attributes.get('type') !== 'stomp.message'
  if (foreign) setAttributes(headers, attributes)
  // Only what was sent with a length, or by another door: a message of text has none in ActiveMQ.
  if (foreign || headers.has('content-length') || body.includes(0))
    headers.set('content-length', String(body.length))
  return { id, headers, body }
}

/** A message as a subscription gives it: its record keeps what other doors do not see, the headers of STOMP. */
export const messageIn = (event: Event, place: MessagePlace, queue: string | undefined): Message =>
  messageOf(toRecord(event), place, queue)

/** A dead letter says where it was, and why it is one. */
function setFailure(headers: Map<string, string>, attributes: ReadonlyMap<string, string>): void {
  const error = attributes.get('dlerror')
  if (error === undefined) return
  const topic = queueOfTopic(attributes.get('dlsubscription') ?? '') ? 'dlsubscription' : 'dltopic'
  headers.set('originalExpiration', headers.get('expires')!)
  headers.set('expires', '0')
  headers.set('original-destination', destinationOfTopic(attributes.get(topic) ?? ''))
  headers.set('dlqDeliveryFailureCause', error)
}

/** What an event says that came through another door. */
function setAttributes(headers: Map<string, string>, attributes: ReadonlyMap<string, string>): void {
  for (const [name, value] of attributes) {
    if (name === 'datacontenttype') headers.set('content-type', value)
    else if (name !== 'specversion') headers.set(`ce-${name}`, value)
  }
}

/** The frame for one subscription. `ack` is what it is acknowledged by, in STOMP 1.2. */
export function messageFrame(
  { body, headers }: Message,
  subscription: string | undefined,
  ack: string | undefined,
): Frame {
  const all = new Map(headers)
  if (subscription !== undefined) all.set('subscription', subscription)
  if (ack !== undefined) all.set('ack', ack)
  return { command: 'MESSAGE', headers: all, body }
}

/** The destination that a topic of the log is called by. */
function destinationOfTopic(topic: string): string {
  const queue = queueOfTopic(topic)
  return queue === undefined ? `/topic/${decodeName(topic)}` : `/queue/${queue}`
}

/** What a selector sees of a message: its headers, and those that JMS calls otherwise. */
export function lookup({ headers, id }: Message, name: string): Value {
  switch (name) {
    case 'JMSMessageID':
      return id
    case 'JMSPriority':
      return BigInt(headers.get('priority')!)
    case 'JMSTimestamp':
      return BigInt(headers.get('timestamp')!)
    case 'JMSExpiration':
      return BigInt(headers.get('expires')!)
    case 'JMSRedelivered':
      return headers.get('redelivered') === 'true'
    case 'JMSCorrelationID':
      return headers.get('correlation-id') ?? null
    case 'JMSType':
      return headers.get('type') ?? null
    case 'JMSDeliveryMode':
      return headers.get('persistent') === 'true' ? 'PERSISTENT' : 'NON_PERSISTENT'
    default:
      return headers.get(name) ?? null
  }
}
