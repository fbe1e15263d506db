/**
 * CONNECT and CONNECTED: the version, and the heart-beats.
 *
 * ```
 * CONNECT                                      CONNECTED
 *   accept-version: 1.0,1.1,1.2                  version: the highest of both; 1.0 without the header
 *   heart-beat: <can send>,<wants to get>        heart-beat: <server sends>,<server wants to get>      ms; 0 is none
 *   login, passcode, client-id, host             session, server
 *   request-id (ActiveMQ)                        response-id, receipt-id
 * ```
 *
 * @module
 */
import { HeddleError } from '@heddle/core'
import { type Frame, type Version, noBody, versions } from '../frame/frame.ts'

export interface Handshake {
  readonly version: Version
  /** Silence before a heart-beat is sent, in milliseconds; 0: none are. */
  readonly sendMs: number
  /** Longest silence of the client, in milliseconds; 0: it may be silent. */
  readonly expectMs: number
  readonly clientId: string | undefined
}

/** @throws HEDDLE_STOMP_COMMAND_INVALID */
export function handshakeOf({ headers }: Frame, minHeartBeatMs: number): Handshake {
  const accepted = headers.get('accept-version')
  const known = (accepted ?? '1.0').split(',').map((one) => one.trim())
  const version = versions.find((one) => known.includes(one))
  if (!version)
    throw invalid(
      `accept-version is ${JSON.stringify(accepted)}, and must have one of ${versions.join(', ')}`,
    )
  const beats = headers.get('heart-beat') ?? '0,0'
  const match = /^\s*(\d{1,9})\s*,\s*(\d{1,9})\s*$/.exec(beats)
  if (!match)
    throw invalid(`heart-beat is two numbers of milliseconds, and is ${JSON.stringify(beats.slice(0, 40))}`)
  const agreed = (ms: string): number => (Number(ms) === 0 ? 0 : Math.max(Number(ms), minHeartBeatMs))
  const clientId = headers.get('client-id')
  return {
    version,
    sendMs: agreed(match[2]!),
    expectMs: agreed(match[1]!),
    clientId: clientId === '' ? undefined : clientId,
  }
}

export function connectedFrame(
  { headers }: Frame,
  handshake: Handshake,
  session: string,
  server: string,
): Frame {
  const answer = new Map([
    ['version', handshake.version],
    ['session', handshake.clientId ?? session],
    ['server', server],
    ['heart-beat', `${handshake.sendMs},${handshake.expectMs}`],
  ])
  const request = headers.get('request-id') ?? headers.get('receipt')
  if (request !== undefined) answer.set('response-id', request).set('receipt-id', request)
  return { command: 'CONNECTED', headers: answer, body: noBody }
}

const invalid = (detail: string): HeddleError => new HeddleError('HEDDLE_STOMP_COMMAND_INVALID', detail)
