/**
 * The messages on a WebSocket at `/subscriptions/{subscription}/events`: one JSON object in each text message. The address takes
 * `prefetch`: most events that are not settled.
 *
 * ```
 * consumer → gateway
 *   {"type":"settle","ref":"1","ack":["5f0e9a4b-1"], … }      as the body of POST …/settle; ref is yours
 *
 * gateway → consumer
 *   {"type":"open"}                                           first of all
 *   {"type":"event","lease":"5f0e9a4b-1", … ,"event":{ … }}   as one of the events that a pull gives
 *   {"type":"heartbeat"}                                      nothing came for heartbeatMs
 *   {"type":"settled","ref":"1","lost":[]}                    durable
 *   {"type":"refused","ref":"1","error":{problem}}            this message failed; the connection goes on
 *   {"type":"closing","error":{problem}}                      last of all
 * ```
 * What is not settled when the connection ends is given to others. What the consumer had longest counts as an attempt then, unless it
 * closed with 1000 or 1001.
 *
 * @module
 */
import { HeddleError, type Settlement } from '@heddle/core'
import { settlementsOf } from '../http/subscriptions/settlements.ts'

/** What a consumer settles, with its own name for the message. */
export interface SettleMessage {
  readonly ref: unknown
  readonly settlements: readonly Settlement[]
}

/** @throws HEDDLE_HTTP_BAD_REQUEST, with `ref` in its info when the message had one. */
export function readSettleMessage(bytes: Buffer): SettleMessage {
  let json: unknown
  try {
    json = JSON.parse(bytes.toString())
  } catch (error) {
    throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'a message is a JSON object', { cause: error })
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'a message is a JSON object')
  const { type, ref, ...body } = json as Record<string, unknown>
  const info = ref === undefined ? {} : { ref }
  if (type !== 'settle')
    throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', `type must be settle, and is ${JSON.stringify(type)}`, {
      info,
    })
  try {
    return { ref, settlements: settlementsOf(body) }
  } catch (error) {
    throw error instanceof HeddleError ? new HeddleError(error.code, error.detail, { info }) : error
  }
}
