/**
 * Signatures of Standard Webhooks.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * ```
 * webhook-id         the same whenever the event is sent
 * webhook-timestamp  seconds since 1970 of this attempt
 * webhook-signature  one for each key, separated by spaces
 *   "v1,"  base64( HMAC-SHA256( id "." timestamp "." body ) )    key: "whsec_" base64, 24 to 64 bytes
 *   "v1a," base64( ed25519( id "." timestamp "." body ) )        key: "whsk_" base64, 32 bytes, or 64 with the public key
 * ```
 *
 * @module
 */
import { type KeyObject, createHmac, createPrivateKey, sign } from 'node:crypto'

/** DER of a PKCS #8 ed25519 key, up to its 32 bytes (RFC 8410 § 7). */
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Signs what is sent to one endpoint. */
export type Sign = (id: string, timestamp: number, body: string) => string

/** Why it is no key; `undefined` for one that is. */
export function whyNoKey(secret: unknown): string | undefined {
  const [, kind, text] =
    (typeof secret === 'string' && /^(whsec|whsk)_([A-Za-z0-9+/]+={0,2})$/.exec(secret)) || []
  if (text === undefined) return 'must begin with whsec_ or whsk_, and go on in base64'
  const { length } = Buffer.from(text, 'base64')
  if (kind === 'whsec') return length >= 24 && length <= 64 ? undefined : 'must have 24 to 64 bytes'
  return length === 32 || length === 64 ? undefined : 'must have 32 bytes, or 64 with its public key'
}

/** @param secrets As `whyNoKey` lets them pass. Without any, nothing is signed: `undefined`. */
export function signer(secrets: readonly string[]): Sign | undefined {
  if (secrets.length === 0) return undefined
  const keys = secrets.map((secret) => keyOf(secret))
  return (id, timestamp, body) => {
    const content = Buffer.from(`${id}.${timestamp}.${body}`)
    return keys
      .map((key) =>
        key instanceof Buffer
          ? `v1,${createHmac('sha256', key).update(content).digest('base64')}`
          : `v1a,${sign(null, content, key).toString('base64')}`,
      )
      .join(' ')
  }
}

function keyOf(secret: string): Buffer | KeyObject {
  const bytes = Buffer.from(secret.slice(secret.indexOf('_') + 1), 'base64')
  if (secret.startsWith('whsec_')) return bytes
  const key = Buffer.concat([ed25519Prefix, bytes.subarray(0, 32)])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}
