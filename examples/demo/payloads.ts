import { createHash, createHmac } from 'node:crypto'
import kinds from '@octokit/webhooks-examples' with { type: 'json' }

/** One recorded webhook of GitHub. */
export interface Payload {
  /** What GitHub puts into `X-GitHub-Event`. */
  readonly event: string
  readonly payload: Readonly<Record<string, unknown>>
  /** The payload as it goes over the wire. */
  readonly body: string
}

/** One post of a payload. */
export interface Delivery {
  /** What GitHub puts into `X-GitHub-Delivery`. */
  readonly id: string
  readonly payload: Payload
}

/** What the package has for each kind of webhook. (It says that it is a module with a default export; it is a JSON file.) */
interface Kind {
  readonly name: string
  readonly examples: readonly Payload['payload'][]
}

/** The recorded webhooks of `@octokit/webhooks-examples`: several hundred, of all kinds that GitHub has. */
export function recordedPayloads(): readonly Payload[] {
  return (kinds as unknown as readonly Kind[]).flatMap(({ name, examples }) =>
    examples.map((payload) => ({ event: name, payload, body: JSON.stringify(payload) })),
  )
}

/** `count` deliveries: the payloads over and over, each time with a new id. */
export function deliveriesOf(payloads: readonly Payload[], count: number): readonly Delivery[] {
  return Array.from({ length: count }, (_, n) => ({
    id: deliveryId(n),
    payload: payloads[n % payloads.length]!,
  }))
}

/** A UUID, as GitHub's are; the same in every run, so that runs can be compared. */
function deliveryId(n: number): string {
  const hex = createHash('sha256').update(`delivery ${n}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  )
}

/** What GitHub puts into `X-Hub-Signature-256`. */
export const signature = (body: string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
