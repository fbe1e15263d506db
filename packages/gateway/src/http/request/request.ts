/**
 * `POST /topics/{topic}/request`: publishes an event, and answers with the reply to it.
 *
 * ```
 * the event gets   replyto        the topic that the reply is looked for in
 *                  correlationid  what the reply must have; made from source and id, unless the event has one
 * the answer is    the reply, as application/cloudevents+json
 * ```
 * The reply may be published through any gateway, and by a topology. A request that is sent again, here or elsewhere, is published once,
 * and gets the reply also when that has come already.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { HeddleError, type RecordInput, correlationAttribute, recordIdentity } from '@heddle/core'
import type { FastifyReply } from 'fastify'
import { eventJson } from '../../cloudevents/event-json.ts'
import { publishMode } from '../../cloudevents/media.ts'
import { publishChannel } from '../channels.ts'
import type { GatewayContext } from '../context.ts'
import { once } from '../publish/place.ts'
import { incomingEvent } from '../publish/publish.ts'
import { one, whole } from '../read/start.ts'
import { type GatewayRequest, topicResource } from '../routes/route.ts'
import { type Replies, type Reply, type Sought, type Waiting, defaultReplyTopic } from './replies.ts'
import { defaultTimeoutMs } from './timeout.ts'

/** Answers with the reply, or with a problem when none comes in time. */
export async function request(
  context: GatewayContext,
  replies: Replies,
  asked: GatewayRequest,
  answer: FastifyReply,
): Promise<void> {
  const began = performance.now()
  const { access, clock, limits, load, log, stopping } = context
  const { principal } = asked
  const topic = asked.params['topic']!
  const timeoutMs = whole(asked.query, 'timeout', limits.maxWaitMs, 1) ?? defaultTimeoutMs
  const named = one(asked.query, 'replies')
  // Who waits in a topic of its own could see what others are told there.
  if (named !== undefined && !access.open)
    await access.allow(principal, 'read', { type: 'topic', name: named })
  const replyTopic = named ?? defaultReplyTopic

  const mode = publishMode(asked.headers)
  if (mode === 'ndjson' || mode === 'batch')
    throw new HeddleError('HEDDLE_HTTP_UNSUPPORTED_MEDIA', 'a request is one event')
  const body = asked.body as Buffer | undefined
  const bytes = body?.length ?? 0
  const event = incomingEvent(mode, asked, body)
  const { record, sought } = requestOf(event.record, replyTopic)

  const gone = new AbortController()
  answer.raw.once('close', () => gone.abort())
  let waiting = await replies.wait(sought)
  try {
    load.bytes += bytes
    let duplicate: boolean
    try {
      await access.charge(principal, { events: 1, bytes }, topicResource(asked.params))
      const [place] = await log.append(topic, [record], once)
      duplicate = place!.duplicate === true
    } finally {
      load.bytes -= bytes
    }
    if (publishChannel.hasSubscribers)
      publishChannel.publish({
        topic,
        mode,
        events: 1,
        duplicates: duplicate ? 1 : 0,
        failed: 0,
        bytes,
        ms: performance.now() - began,
      })
    if (duplicate) {
      waiting.end()
      waiting = await replies.waitAlsoBefore(sought)
    }
    const signal = AbortSignal.any([gone.signal, stopping])
    const reply = await within(waiting, clock, timeoutMs, signal)
    if (reply)
      return void answer
        .code(200)
        .header('content-type', 'application/cloudevents+json; charset=utf-8')
        .send(eventJson(reply.record, reply.place))
    if (stopping.aborted)
      throw new HeddleError(
        'HEDDLE_HTTP_UNAVAILABLE',
        'the gateway is stopping: ask again, with the same event',
      )
    throw new HeddleError('HEDDLE_REQUEST_TIMEOUT', `none in ${replyTopic} within ${timeoutMs} ms`)
  } finally {
    waiting.end()
  }
}

/** The record with what a reply needs, and what that is found by. */
function requestOf(
  record: RecordInput,
  replyTopic: string,
): { readonly record: RecordInput; readonly sought: Sought } {
  const headers = (record.headers ?? []).filter(([name]) => name !== 'ce_replyto')
  const given = headers.find(([name]) => name === `ce_${correlationAttribute}`)
  const own = given && String(given[1])
  const request = recordIdentity(headers)!
  const correlation = own ?? createHash('sha256').update(request).digest('hex').slice(0, 32)
  const added: [string, string][] = [['ce_replyto', replyTopic]]
  if (own === undefined) added.push([`ce_${correlationAttribute}`, correlation])
  return {
    record: { ...record, headers: [...headers, ...added] },
    sought: { topic: replyTopic, correlation, request },
  }
}

async function within(
  { reply, end }: Waiting,
  clock: GatewayContext['clock'],
  ms: number,
  signal: AbortSignal,
): Promise<Reply | undefined> {
  const timer = clock.after(ms, end)
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  try {
    return await reply
  } finally {
    timer.clear()
    signal.removeEventListener('abort', end)
  }
}
