/**
 * A read as one JSON document, with a long poll:
 *
 * ```
 * { "events": [ { "partition": 0, "offset": 12, "event": { … } } ], "next": "0:13,1:7" }
 * ```
 *
 * @module
 */
import type { FastifyReply } from 'fastify'
import { readChannel } from '../channels.ts'
import type { GatewayContext } from '../context.ts'
import { type GatewayRequest, sendJsonText, topicResource } from '../routes/route.ts'
import { Feed, type FeedItem, filterOf } from './feed.ts'
import { one, startOf, whole } from './start.ts'

/** Answers with what is there, or with what comes within `wait`. */
export async function readJson(
  context: GatewayContext,
  request: GatewayRequest,
  reply: FastifyReply,
): Promise<void> {
  const { access, clock, limits, log, stopping } = context
  const { query } = request
  const topic = request.params['topic']!
  const waitMs = whole(query, 'wait', limits.maxWaitMs) ?? 0
  const limit = whole(query, 'limit', limits.maxReadEvents, 1) ?? limits.maxReadEvents
  const filter = filterOf(one(query, 'filter'))
  const feed = new Feed(log, topic, await startOf(log, topic, query, 'earliest'), filter)

  // Ends the wait when the reader has gone, or the gateway stops.
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, stopping])
  const began = clock.now()
  let items: readonly FeedItem[] = []
  while (!signal.aborted) {
    const left = Math.max(0, began + waitMs - clock.now())
    const read = await feed.next({ maxBytes: limits.maxReadBytes, limit, waitMs: left, signal })
    items = read.items
    // On past what the filter did not want, so that pages are not empty; but not through a whole topic in one request.
    if (items.length > 0 || !read.moved || clock.now() - began >= Math.max(waitMs, limits.maxScanMs)) break
  }
  const text = `{"events":[${items.map(itemJson).join(',')}],"next":${JSON.stringify(feed.cursor)}}`
  const charged = access.charge(
    request.principal,
    { events: items.length, bytes: text.length },
    topicResource(request.params),
  )
  if (charged) await charged
  sendJsonText(reply, 200, text)
  if (readChannel.hasSubscribers)
    readChannel.publish({ topic, form: 'json', events: items.length, bytes: text.length })
}

const itemJson = ({ partition, offset, json }: FeedItem): string =>
  `{"partition":${partition},"offset":${offset},"event":${json}}`
