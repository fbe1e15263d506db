/**
 * The messages on a WebSocket at `/topics/{topic}/events`: one JSON object in each text message.
 *
 * The address takes the query of a read: `from`, `cursor`, `partition`, `offset`, `filter`, and `credit`.
 *
 * ```
 * reader → gateway
 *   {"type":"credit","events":100}                        send up to 100 events more; grants add up
 *   {"type":"publish","ref":"1","event":{ … }}            publish to the same topic; ref is yours
 *
 * gateway → reader
 *   {"type":"open","cursor":"0:5,1:7"}                    first of all: where reading begins
 *   {"type":"event","partition":0,"offset":12,"cursor":"0:13,1:7","event":{ … }}      costs one credit
 *   {"type":"heartbeat","cursor":"0:20,1:9"}              nothing came for heartbeatMs
 *   {"type":"published","ref":"1","topic":"orders","partition":0,"offset":13,"id":"a"}  durable; "duplicate":true for a repeat
 *   {"type":"refused","ref":"1","error":{problem}}        this message failed; the connection goes on
 *   {"type":"closing","error":{problem}}                  last of all; close codes: 1001 stopping, 1013 stalled, 1011 failed
 * ```
 * Never more events are sent than were granted, and none without a grant: credit is what bounds memory on both sides.
 *
 * @module
 */
import { HeddleError } from '@heddle/core'
import { scanObject } from '../cloudevents/json-scan.ts'

/** A message of the other side. The event of a publish stays bytes. */
export type ClientMessage =
  | { readonly type: 'credit'; readonly events: number }
  | { readonly type: 'publish'; readonly ref: unknown; readonly event: Buffer }

const eventName = Buffer.from('event')

/** @throws HEDDLE_HTTP_BAD_REQUEST, with `ref` in its info when the message had one. */
export function readMessage(bytes: Buffer): ClientMessage {
  const { event, rest } = split(bytes)
  const { events, ref, type } = rest
  if (type === 'publish') {
    if (event) return { type, ref, event }
    throw bad('a publish has an event', ref)
  }
  if (type !== 'credit') throw bad(`type must be credit or publish, and is ${JSON.stringify(type)}`, ref)
  if (typeof events === 'number' && Number.isSafeInteger(events) && events > 0) return { type, events }
  throw bad('events must be a whole number above 0', ref)
}

function split(bytes: Buffer): { event: Buffer | undefined; rest: Record<string, unknown> } {
  const { valueEnd, valueStart } = scanObject(bytes, eventName) ?? { valueEnd: -1, valueStart: -1 }
  const text = (start: number, end: number): string => bytes.toString('utf8', start, end)
  const rest =
    valueStart === -1 ? text(0, bytes.length) : `${text(0, valueStart)}0${text(valueEnd, bytes.length)}`
  let json: unknown
  try {
    json = JSON.parse(rest)
  } catch (error) {
    throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'a message is a JSON object', { cause: error })
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw bad('a message is a JSON object', undefined)
  const event = valueStart === -1 ? undefined : bytes.subarray(valueStart, valueEnd)
  return { event, rest: json as Record<string, unknown> }
}

const bad = (detail: string, ref: unknown): HeddleError =>
  new HeddleError('HEDDLE_HTTP_BAD_REQUEST', detail, ref === undefined ? {} : { info: { ref } })
