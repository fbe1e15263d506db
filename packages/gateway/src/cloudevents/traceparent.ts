/**
 * W3C trace context of an event: its own, else the request's, else a new one.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 *
 * ```
 * traceparent = "00-" 32HEXDIGLC "-" 16HEXDIGLC "-" 2HEXDIGLC      neither id all zeros
 * ```
 *
 * @module
 */
import { randomFillSync } from 'node:crypto'

const grammar = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/

/** True for a traceparent that may be passed on; a receiver must drop any other (§ 2.2). */
export const isTraceparent = (text: unknown): text is string => typeof text === 'string' && grammar.test(text)

// One call of the random source for many ids: alone it costs more than all the rest of this file.
const pool = Buffer.alloc(24 * 256)
let used = pool.length

/** A new traceparent, sampled: an event's path through the fabric can always be followed. */
export function newTraceparent(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const ids = pool.toString('hex', used, used + 24)
  used += 24
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-01`
}
