/**
 * `POST /topics/{topic}/events`: one event or many, durable before the answer, and once: a repeat of `source` and `id` is
 * answered with the place of the first.
 *
 * @module
 */
import type { FastifyReply } from 'fastify'
import { binaryEvent } from '../../cloudevents/binary.ts'
import { type Incoming, incoming } from '../../cloudevents/incoming.ts'
import { type PublishMode, publishMode } from '../../cloudevents/media.ts'
import { plainEvent } from '../../cloudevents/plain.ts'
import { structuredEvent } from '../../cloudevents/structured.ts'
import { publishChannel } from '../channels.ts'
import type { GatewayContext } from '../context.ts'
import { type GatewayRequest, sendJsonText, topicResource } from '../routes/route.ts'
import { once, placeStatus, placeText } from './place.ts'
import { publishBatch } from './publish-batch.ts'
import { publishLines } from './publish-lines.ts'

/** Answers a publish of any mode. */
export function publish(
  context: GatewayContext,
  request: GatewayRequest,
  reply: FastifyReply,
): void | Promise<void> {
  const mode = publishMode(request.headers)
  if (mode === 'ndjson') return publishLines(context, request, reply)
  if (mode === 'batch') return publishBatch(context, request, reply)
  publishOne(context, request, reply, mode)
}

// Callbacks rather than an async function: this is the path that every single event takes.
function publishOne(
  context: GatewayContext,
  request: GatewayRequest,
  reply: FastifyReply,
  mode: 'structured' | 'binary' | 'plain',
): void {
  const began = performance.now()
  const { log, access, load } = context
  const topic = request.params['topic']!
  const body = request.body as Buffer | undefined
  const bytes = body?.length ?? 0
  const { id, record } = incomingEvent(mode, request, body)
  const records = [record]

  load.bytes += bytes
  const charged = access.charge(request.principal, { events: 1, bytes }, topicResource(request.params))
  const appended = charged
    ? charged.then(() => log.append(topic, records, once))
    : log.append(topic, records, once)
  appended.then(
    (answer) => {
      load.bytes -= bytes
      const [place] = answer
      sendJsonText(reply, placeStatus(place!), placeText(topic, id, place!))
      if (publishChannel.hasSubscribers) {
        const duplicates = place!.duplicate ? 1 : 0
        publishChannel.publish({
          topic,
          mode,
          events: 1,
          duplicates,
          failed: 0,
          bytes,
          ms: performance.now() - began,
        })
      }
    },
    (error: unknown) => {
      load.bytes -= bytes
      void reply.send(error)
    },
  )
}

/** The one event of a request. */
export function incomingEvent(
  mode: PublishMode,
  request: GatewayRequest,
  body: Buffer | undefined,
): Incoming {
  const { traceparent } = request.headers
  if (mode === 'binary') return incoming(binaryEvent(request.headers, body), traceparent)
  if (mode === 'plain') return incoming(plainEvent(request.query, body), traceparent)
  return structuredEvent(body ?? Buffer.alloc(0), traceparent)
}
