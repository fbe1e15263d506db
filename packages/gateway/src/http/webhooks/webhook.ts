/**
 * Webhooks that are taken in: another system's call becomes an event, once.
 *
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { EventInit } from '@heddle/core'

/** How a webhook is checked, and where its events go. */
export interface WebhookOptions {
  /** Topic of its events; it must be there. */
  readonly topic: string
  /**
   * - `github`: X-Hub-Signature-256, an HMAC over the raw body. https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
   * - `standard-webhooks`: https://www.standardwebhooks.com, as Svix, OpenAI and others send.
   * - `none`: anybody who knows the address may send.
   */
  readonly signature: 'github' | 'standard-webhooks' | 'none'
  /** The shared secret, or several while it is being changed. Standard Webhooks: as given by the sender, `whsec_…`. */
  readonly secret?: string | readonly string[]
  /** `source` of the events. Default: for GitHub the repository's address; for the others `/webhooks/{name}`. */
  readonly source?: string
}

/** One delivery, as it came. */
export interface Delivery {
  readonly name: string
  readonly headers: IncomingHttpHeaders
  /** The raw bytes: signatures are over these. */
  readonly body: Buffer
  /** Milliseconds since 1970. */
  readonly now: number
}

/** A way of signing and naming deliveries. */
export interface WebhookDialect {
  /** @throws HEDDLE_SIGNATURE_INVALID */
  verify(delivery: Delivery, secrets: readonly string[]): void
  /** The event of the delivery; `data` is left out: it is the body. @throws HEDDLE_HTTP_BAD_REQUEST when a header is missing. */
  attributes(delivery: Delivery, json: unknown): Omit<EventInit, 'data'>
}
