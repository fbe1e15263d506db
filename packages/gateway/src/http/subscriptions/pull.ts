/**
 * Events of a subscription, given out under leases, as one JSON document, with a long poll:
 *
 * ```
 * { "events": [ { "lease": "5f0e9a4b-1", "leasedUntil": 1795500030000, "attempt": 1, "redelivered": false,
 *                 "topic": "orders", "partition": 0, "offset": 12, "event": { … } } ] }
 * ```
 *
 * @module
 */
import type { Delivery } from '@heddle/core'
import type { FastifyReply } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { whole } from '../read/start.ts'
import { type GatewayRequest, sendJsonText } from '../routes/route.ts'
import { itemJson } from './item-json.ts'
import { subscriptionResource } from './resource.ts'

/** Answers with what is ready, or with what comes within `wait`. */
export async function pull(
  { access, limits, stopping }: GatewayContext,
  delivery: Delivery,
  request: GatewayRequest,
  reply: FastifyReply,
): Promise<void> {
  const { params, principal, query } = request
  const name = params['subscription']!
  const waitMs = whole(query, 'wait', limits.maxWaitMs) ?? 0
  const max = whole(query, 'max', limits.maxPullEvents, 1) ?? 1

  // Ends the wait when the consumer has gone, or the gateway stops.
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const given = await delivery.pull(name, { max, waitMs, signal: AbortSignal.any([gone.signal, stopping]) })
  const giveBack = (): Promise<unknown> =>
    delivery.settle(
      name,
      given.map(({ lease }) => ({ lease, as: 'release' })),
    )
  // Nobody would know of the leases: others need not wait until they end.
  if (gone.signal.aborted) return void (await giveBack())

  const text = `{"events":[${given.map(itemJson).join(',')}]}`
  try {
    const charged = access.charge(
      principal,
      { events: given.length, bytes: text.length },
      subscriptionResource(params),
    )
    if (charged) await charged
  } catch (error) {
    await giveBack()
    throw error
  }
  sendJsonText(reply, 200, text)
}
