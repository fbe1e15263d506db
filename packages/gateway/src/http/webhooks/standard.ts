import { createHmac, timingSafeEqual } from 'node:crypto'
import { HeddleError } from '@heddle/core'
import { requiredHeader } from './headers.ts'
import type { WebhookDialect } from './webhook.ts'

/** How far the sender's clock may be off, either way; what the specification's libraries take. */
const toleranceMs = 5 * 60_000

/**
 * Standard Webhooks. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * ```
 * webhook-id         → id; a retry has the same
 * webhook-timestamp  seconds since 1970, at most five minutes off
 * webhook-signature  "v1," base64( HMAC-SHA256( id "." timestamp "." body ) )   several, separated by spaces
 * body.type → type, body.timestamp → time
 * secret             "whsec_" base64
 * ```
 */
export const standardWebhooks: WebhookDialect = {
  verify({ body, headers, now }, secrets) {
    const id = requiredHeader(headers, 'webhook-id', 'HEDDLE_SIGNATURE_INVALID')
    const timestamp = requiredHeader(headers, 'webhook-timestamp', 'HEDDLE_SIGNATURE_INVALID')
    const signatures = requiredHeader(headers, 'webhook-signature', 'HEDDLE_SIGNATURE_INVALID')
    if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp) * 1000) > toleranceMs) {
      throw new HeddleError(
        'HEDDLE_SIGNATURE_INVALID',
        `webhook-timestamp is more than ${toleranceMs / 60_000} minutes from now`,
      )
    }
    const given = signatures
      .split(' ')
      .filter((one) => one.startsWith('v1,'))
      .map((one) => Buffer.from(one.slice(3), 'base64'))
    const fits = secrets.flatMap((secret) => {
      const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
      const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
      return given.map((bytes) => bytes.length === expected.length && timingSafeEqual(bytes, expected))
    })
    if (!fits.includes(true))
      throw new HeddleError('HEDDLE_SIGNATURE_INVALID', 'webhook-signature is not that of the body')
  },
  attributes({ headers, name }, json) {
    const { timestamp, type } = (json ?? {}) as { timestamp?: unknown; type?: unknown }
    return {
      id: requiredHeader(headers, 'webhook-id', 'HEDDLE_HTTP_BAD_REQUEST'),
      type: typeof type === 'string' && type !== '' ? type : name,
      ...(typeof timestamp === 'string' && !Number.isNaN(Date.parse(timestamp))
        ? { time: new Date(timestamp).toISOString() }
        : undefined),
    }
  },
}
