import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Delivery, signature } from './payloads.ts'

export interface PostOptions {
  /** Where the webhook is; asked before each attempt. */
  readonly url: () => string
  readonly secret: string
  /** Posts under way at once. */
  readonly concurrency: number
  readonly onAccepted: (delivery: Delivery) => void
}

export interface PostCounts {
  readonly accepted: number
  /** Attempts after the first, with the same delivery id. */
  readonly retried: number
}

/** Posts deliveries as GitHub does, signed; one that is not answered with 2xx is posted again until it is. */
export async function postAll(deliveries: readonly Delivery[], options: PostOptions): Promise<PostCounts> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.concurrency })
  const counts = { accepted: 0, retried: 0 }
  const queue = deliveries.values()
  const worker = async (): Promise<void> => {
    for (const delivery of queue) {
      for (;;) {
        const status = await post(delivery, options.url(), options.secret, agent)
        if (status !== undefined && status >= 200 && status < 300) break
        if (status !== undefined && status < 500 && status !== 429)
          throw new Error(`delivery ${delivery.id} was refused with ${status}`)
        counts.retried++
        await sleep(50)
      }
      counts.accepted++
      options.onAccepted(delivery)
    }
  }
  try {
    await Promise.all(Array.from({ length: options.concurrency }, worker))
  } finally {
    agent.destroy()
  }
  return counts
}

/** The status of one post, or `undefined` when nobody answered. */
export function post(
  delivery: Delivery,
  url: string,
  secret: string,
  agent?: Agent,
): Promise<number | undefined> {
  const { body, event } = delivery.payload
  return new Promise((resolve) => {
    const posted = request(
      url,
      {
        method: 'POST',
        ...(agent && { agent }),
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'GitHub-Hookshot/demo',
          'x-github-event': event,
          'x-github-delivery': delivery.id,
          'x-hub-signature-256': signature(body, secret),
        },
      },
      (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode))
        response.on('error', () => resolve(undefined))
      },
    )
    posted.on('error', () => resolve(undefined))
    posted.end(body)
  })
}
