import { createHmac, timingSafeEqual } from 'node:crypto'
import { HeddleError } from '@heddle/core'
import { requiredHeader } from './headers.ts'
import type { WebhookDialect } from './webhook.ts'

/**
 * GitHub's webhooks. https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers
 *
 * ```
 * X-GitHub-Event       push                     → type
 * X-GitHub-Delivery    a GUID                   → id; a redelivery has the same
 * X-Hub-Signature-256  "sha256=" 64HEXDIG       HMAC of the raw body
 * body.repository.html_url, else the organization's or the sender's address → source;   body.action → subject
 * ```
 */
export const github: WebhookDialect = {
  verify({ body, headers }, secrets) {
    const given = requiredHeader(headers, 'x-hub-signature-256', 'HEDDLE_SIGNATURE_INVALID')
    const signature = /^sha256=([\da-f]{64})$/i.exec(given)?.[1]
    if (signature === undefined)
      throw new HeddleError(
        'HEDDLE_SIGNATURE_INVALID',
        'x-hub-signature-256 must be sha256= and 64 hex digits',
      )
    const bytes = Buffer.from(signature, 'hex')
    // Every secret is tried, whichever fits: the time says nothing.
    const fits = secrets.map((secret) =>
      timingSafeEqual(createHmac('sha256', secret).update(body).digest(), bytes),
    )
    if (!fits.includes(true))
      throw new HeddleError('HEDDLE_SIGNATURE_INVALID', 'x-hub-signature-256 is not that of the body')
  },
  attributes({ headers }, json) {
    const { action } = (json ?? {}) as { action?: unknown }
    return {
      id: requiredHeader(headers, 'x-github-delivery', 'HEDDLE_HTTP_BAD_REQUEST'),
      type: requiredHeader(headers, 'x-github-event', 'HEDDLE_HTTP_BAD_REQUEST'),
      source: sourceOf(json),
      ...(typeof action === 'string' && action !== '' ? { subject: action } : undefined),
    }
  },
}

function sourceOf(json: unknown): string {
  const { repository, organization, sender } = (json ?? {}) as Record<
    string,
    { html_url?: unknown; url?: unknown } | undefined
  >
  for (const place of [repository?.html_url, organization?.url, sender?.html_url, sender?.url]) {
    if (typeof place === 'string' && place !== '') return place
  }
  return 'https://github.com'
}
