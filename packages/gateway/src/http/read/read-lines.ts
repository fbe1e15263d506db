/**
 * A read as NDJSON: one JSON value a line, to what is there now, or with `follow=true` for ever.
 *
 * ```
 * {"partition":0,"offset":12,"cursor":"0:13,1:7","event":{ … }}      an event
 * {"heartbeat":true,"cursor":"0:20,1:9"}                             only with follow: nothing came for heartbeatMs
 * {"closed":{"type":"/problems/…", … }}                              the gateway ends the stream: why
 * ```
 *
 * @module
 */
import { HeddleError } from '@heddle/core'
import type { FastifyReply } from 'fastify'
import type { GatewayContext } from '../context.ts'
import type { GatewayLogPort } from '../options.ts'
import type { GatewayRequest } from '../routes/route.ts'
import { Feed, filterOf } from './feed.ts'
import { one, startOf, whole } from './start.ts'
import { type StreamForm, stream, takeStream } from './stream.ts'

/** Gives a topic out line by line. */
export async function readLines(
  context: GatewayContext,
  request: GatewayRequest,
  reply: FastifyReply,
): Promise<void> {
  const { log } = context
  const { query } = request
  const topic = request.params['topic']!
  const follow = yesOrNo(one(query, 'follow'), 'follow')
  const limit = whole(query, 'limit', Number.MAX_SAFE_INTEGER, 1) ?? Number.POSITIVE_INFINITY
  const filter = filterOf(one(query, 'filter'))
  const feed = new Feed(log, topic, await startOf(log, topic, query, follow ? 'latest' : 'earliest'), filter)
  await feed.check()
  takeStream(context)
  await stream(context, request, reply, linesForm(follow), {
    feed,
    limit,
    ...(follow ? undefined : { ends: await endsOf(log, topic) }),
  })
}

// Where the end is now: one that came later would move it on for as long as somebody publishes.
async function endsOf(log: GatewayLogPort, topic: string): Promise<ReadonlyMap<number, number>> {
  return new Map((await log.partitions(topic)).map(({ latest, partition }) => [partition, latest]))
}

/** @throws HEDDLE_HTTP_BAD_REQUEST for anything but true and false. */
function yesOrNo(text: string | undefined, parameter: string): boolean {
  if (text === undefined || text === 'false') return false
  if (text === 'true' || text === '') return true
  throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', `${parameter} must be true or false, and is '${text}'`, {
    info: { parameter },
  })
}

const linesForm = (follow: boolean): StreamForm => ({
  name: 'ndjson',
  contentType: 'application/x-ndjson; charset=utf-8',
  opening: (cursor) => (follow ? `{"heartbeat":true,"cursor":"${cursor}"}\n` : ''),
  item: ({ partition, offset, cursor, json }) =>
    `{"partition":${partition},"offset":${offset},"cursor":"${cursor}","event":${json}}\n`,
  heartbeat: (cursor) => `{"heartbeat":true,"cursor":"${cursor}"}\n`,
  closing: (problem) => `{"closed":${JSON.stringify(problem)}}\n`,
})
