/**
 * What SSE and NDJSON have in common: a response that follows a topic.
 *
 * @module
 */
import { HeddleError } from '@heddle/core'
import type { FastifyReply } from 'fastify'
import { readChannel, streamChannel } from '../channels.ts'
import type { GatewayContext } from '../context.ts'
import { type Problem, problemOf } from '../problem.ts'
import { type GatewayRequest, topicResource } from '../routes/route.ts'
import type { Feed, FeedItem } from './feed.ts'
import { StreamWriter } from './stream-writer.ts'
import { throttle } from './throttle.ts'

/** How a form of stream is written. */
export interface StreamForm {
  readonly name: 'sse' | 'ndjson'
  readonly contentType: string
  /** Written at once, so that the reader knows that it is connected, and from where on. */
  opening(cursor: string): string
  item(item: FeedItem): string
  /** Written when nothing came for a while. */
  heartbeat(cursor: string): string
  /** The last words, when the gateway is the one that ends it. */
  closing(problem: Problem): string
}

export interface StreamPlan {
  readonly feed: Feed
  /** Where to end, by partition; absent: follow for ever. */
  readonly ends?: ReadonlyMap<number, number>
  /** End after this many events. */
  readonly limit: number
}

/** @throws HEDDLE_HTTP_UNAVAILABLE when there are as many readers as may be. */
export function takeStream({ load, limits }: GatewayContext): void {
  if (load.streams >= limits.maxStreams)
    throw new HeddleError(
      'HEDDLE_HTTP_UNAVAILABLE',
      `${limits.maxStreams} readers are following, which is the limit (maxStreams)`,
      { info: { retryAfterMs: 5_000 } },
    )
  load.streams++
}

/** What is followed, as it is told. */
export type Followed = { readonly topic: string } | { readonly subscription: string }

/** Writes the stream until its reader goes, it is done, or the gateway stops. The answer has begun: it does not throw. */
export function stream(
  context: GatewayContext,
  request: GatewayRequest,
  reply: FastifyReply,
  form: StreamForm,
  plan: StreamPlan,
): Promise<void> {
  const followed = { topic: request.params['topic']! }
  return serveStream(context, request, reply, form, followed, (writer) =>
    follow(context, request, form, plan, writer),
  )
}

/** Begins an answer that goes on, has `run` write it, and ends it with the reason, if there is one. Does not throw. */
export async function serveStream(
  context: GatewayContext,
  request: GatewayRequest,
  reply: FastifyReply,
  form: Pick<StreamForm, 'name' | 'contentType' | 'closing'>,
  followed: Followed,
  run: (writer: StreamWriter) => Promise<void>,
): Promise<void> {
  const { clock, limits, load, stopping } = context
  reply.hijack()
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': form.contentType,
    'cache-control': 'no-store',
    // Proxies that collect answers (nginx) would hold events back.
    'x-accel-buffering': 'no',
  })
  // An event leaves when it is written: waiting to fill a packet costs more than it saves.
  request.raw.socket.setNoDelay(true)
  const writer = new StreamWriter(reply.raw, clock, limits.stallMs)
  if (streamChannel.hasSubscribers)
    streamChannel.publish({ ...followed, form: form.name, state: 'opened', open: load.streams })
  let problem: Problem | undefined
  try {
    await run(writer)
  } catch (error) {
    problem = problemOf(error)
  }
  if (stopping.aborted) problem ??= problemOf(stoppingError(followed))
  if (writer.end === 'stalled')
    problem = problemOf(
      new HeddleError('HEDDLE_HTTP_READER_STALLED', `nothing was taken for ${limits.stallMs} ms`),
    )
  writer.finish(problem ? form.closing(problem) : '', problem !== undefined)
  load.streams--
  if (streamChannel.hasSubscribers) {
    streamChannel.publish({
      ...followed,
      form: form.name,
      state: 'closed',
      reason: problem?.code ?? writer.end ?? 'done',
      open: load.streams,
    })
  }
}

/** What readers are told when the gateway stops. */
export const stoppingError = (followed: Followed): HeddleError =>
  new HeddleError(
    'HEDDLE_HTTP_UNAVAILABLE',
    `the gateway is stopping: connect again${'topic' in followed ? ', and go on from the last cursor' : ''}`,
  )

async function follow(
  context: GatewayContext,
  request: GatewayRequest,
  form: StreamForm,
  plan: StreamPlan,
  writer: StreamWriter,
): Promise<void> {
  const { access, clock, limits, stopping } = context
  const { feed } = plan
  const topic = request.params['topic']!
  const signal = AbortSignal.any([writer.signal, stopping])
  let left = plan.limit
  let refreshed = clock.now()
  let said = feed.cursor
  await writer.write(form.opening(said))
  while (!signal.aborted && left > 0 && !(plan.ends && feed.reached(plan.ends))) {
    const { items, records, moved } = await feed.next({
      maxBytes: limits.streamChunkBytes,
      limit: left,
      waitMs: plan.ends ? 0 : limits.heartbeatMs,
      signal,
    })
    // What compaction left out at the very end has no records to read up to it.
    if (plan.ends && !moved) return
    if (items.length > 0) {
      let text = ''
      for (const item of items) text += form.item(item)
      await throttle(
        access,
        request.principal,
        { events: items.length, bytes: text.length },
        topicResource(request.params),
        clock,
        signal,
      )
      await writer.write(text)
      left -= items.length
      said = items.at(-1)!.cursor
      if (readChannel.hasSubscribers)
        readChannel.publish({ topic, form: form.name, events: items.length, bytes: text.length })
    } else if (!plan.ends && !signal.aborted && (records === 0 || feed.cursor !== said)) {
      said = feed.cursor
      await writer.write(form.heartbeat(said))
    }
    if (clock.now() - refreshed >= limits.heartbeatMs) {
      refreshed = clock.now()
      await feed.refresh()
    }
  }
}
