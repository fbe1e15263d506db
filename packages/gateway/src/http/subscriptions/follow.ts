/**
 * A subscription as Server-Sent Events: events are given out as they come, at most `prefetch` that are not settled. Each is settled by
 * `POST …/settle`, to any gateway.
 *
 * ```
 * retry: 1000                                       how long a browser waits before it connects again
 *
 * data: {"lease":"5f0e9a4b-1", … ,"event":{ … }}    as one of the events that a pull gives
 *
 * : heartbeat                                       nothing came for heartbeatMs
 *
 * event: closed                                     the gateway ends the stream
 * data: {"type":"/problems/…", …}                   why
 * ```
 * There is no `id`: where a subscription goes on is not the reader's business. What is not settled when the connection ends is given
 * to others.
 *
 * @module
 */
import type { Consumer, Delivery } from '@heddle/core'
import type { FastifyReply } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { whole } from '../read/start.ts'
import type { StreamWriter } from '../read/stream-writer.ts'
import { serveStream, takeStream } from '../read/stream.ts'
import { throttle } from '../read/throttle.ts'
import type { GatewayRequest } from '../routes/route.ts'
import { itemJson } from './item-json.ts'
import { defaultPrefetch, nextEvents } from './next-events.ts'
import { subscriptionResource } from './resource.ts'

/** Gives out events until the reader goes. */
export async function follow(
  context: GatewayContext,
  delivery: Delivery,
  request: GatewayRequest,
  reply: FastifyReply,
): Promise<void> {
  const { limits, stopping } = context
  const name = request.params['subscription']!
  const prefetch = whole(request.query, 'prefetch', limits.maxPullEvents, 1) ?? defaultPrefetch
  takeStream(context)
  let consumer: Consumer
  try {
    consumer = await delivery.consumer(name, { prefetch })
  } catch (error) {
    context.load.streams--
    throw error
  }
  await serveStream(context, request, reply, form, { subscription: name }, (writer) =>
    write({ ...context, consumer, delivery, name, prefetch }, request, writer),
  )
  // One that went away without a word may have broken on what it had longest.
  await consumer.close({ clean: stopping.aborted })
}

const form = {
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  closing: (problem: object) => `event: closed\ndata: ${JSON.stringify(problem)}\n\n`,
} as const

async function write(
  context: GatewayContext & {
    readonly consumer: Consumer
    readonly delivery: Delivery
    readonly name: string
    readonly prefetch: number
  },
  { params, principal }: GatewayRequest,
  writer: StreamWriter,
): Promise<void> {
  const { access, clock, limits, prefetch, stopping } = context
  const signal = AbortSignal.any([writer.signal, stopping])
  await writer.write(`retry: ${limits.sseRetryMs}\n\n`)
  while (!signal.aborted) {
    const given = await nextEvents(context, { max: prefetch, waitMs: limits.heartbeatMs, signal })
    let text = ''
    for (const one of given) text += `data: ${itemJson(one)}\n\n`
    if (given.length > 0) {
      const cost = { events: given.length, bytes: text.length }
      await throttle(access, principal, cost, subscriptionResource(params), clock, signal)
    }
    if (!signal.aborted) await writer.write(text === '' ? ': heartbeat\n\n' : text)
  }
}
