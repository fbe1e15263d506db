import { randomUUID } from 'node:crypto'
import type { WebhookDialect } from './webhook.ts'

/** A webhook of any system that signs nothing: an Idempotency-Key, when it sends one, is the id. */
export const unsigned: WebhookDialect = {
  verify: () => undefined,
  attributes({ headers, name }) {
    const key = headers['idempotency-key']
    return { id: typeof key === 'string' && key !== '' ? key : randomUUID(), type: name }
  },
}
