/**
 * A read as Server-Sent Events. https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * ```
 * retry: 1000                          how long a browser waits before it connects again
 * id: 0:12,1:7                         where this reader begins, so that it can resume before its first event
 *
 * id: 0:13,1:7                         the cursor after this event; the first entry is the event's own partition
 * data: {"specversion":"1.0", …}       the structured event, on one line
 *
 * : heartbeat                          nothing came for heartbeatMs; the id moves with what the filter left out
 * id: 0:20,1:9
 *
 * event: closed                        the gateway ends the stream; connect again with Last-Event-ID
 * data: {"type":"/problems/…", …}      why
 * ```
 *
 * @module
 */
import type { FastifyReply } from 'fastify'
import type { GatewayContext } from '../context.ts'
import type { GatewayRequest } from '../routes/route.ts'
import { Feed, filterOf } from './feed.ts'
import { one, startOf } from './start.ts'
import { type StreamForm, stream, takeStream } from './stream.ts'

/** Follows a topic as Server-Sent Events, from `Last-Event-ID` when there is one. */
export async function readSse(
  context: GatewayContext,
  request: GatewayRequest,
  reply: FastifyReply,
): Promise<void> {
  const { limits, log } = context
  const { query } = request
  const topic = request.params['topic']!
  const filter = filterOf(one(query, 'filter'))
  const resume = request.headers['last-event-id']
  const start = await startOf(
    log,
    topic,
    query,
    'latest',
    typeof resume === 'string' && resume !== '' ? resume : undefined,
  )
  const feed = new Feed(log, topic, start, filter)
  // An offset that is not there is a 416, as long as the answer has not begun.
  await feed.check()
  takeStream(context)
  await stream(context, request, reply, sseForm(limits.sseRetryMs), {
    feed,
    limit: Number.POSITIVE_INFINITY,
  })
}

const sseForm = (retryMs: number): StreamForm => ({
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  opening: (cursor) => `retry: ${retryMs}\nid: ${cursor}\n\n`,
  item: ({ cursor, json }) => `id: ${cursor}\ndata: ${json}\n\n`,
  heartbeat: (cursor) => `: heartbeat\nid: ${cursor}\n\n`,
  closing: (problem) => `event: closed\ndata: ${JSON.stringify(problem)}\n\n`,
})
