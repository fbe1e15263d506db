/**
 * `GET /topics/{topic}/events`: in the form that `Accept` (or `?format=`) asks for.
 *
 * @module
 */
import { HeddleError } from '@heddle/core'
import type { FastifyReply } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { type GatewayRequest } from '../routes/route.ts'
import { readJson } from './read-json.ts'
import { readLines } from './read-lines.ts'
import { readSse } from './read-sse.ts'
import { one } from './start.ts'

type Form = 'json' | 'ndjson' | 'sse'

/** Answers a read of any form. */
export function read(context: GatewayContext, request: GatewayRequest, reply: FastifyReply): Promise<void> {
  switch (formOf(request)) {
    case 'json':
      return readJson(context, request, reply)
    case 'ndjson':
      return readLines(context, request, reply)
    case 'sse':
      return readSse(context, request, reply)
  }
}

const media: readonly (readonly [string, Form])[] = [
  ['text/event-stream', 'sse'],
  ['application/x-ndjson', 'ndjson'],
  ['application/jsonl', 'ndjson'],
  ['application/json', 'json'],
]

function formOf(request: GatewayRequest): Form {
  const asked = one(request.query, 'format')
  if (asked === 'json' || asked === 'ndjson' || asked === 'sse') return asked
  if (asked !== undefined)
    throw new HeddleError(
      'HEDDLE_HTTP_BAD_REQUEST',
      `format must be json, ndjson or sse, and is '${asked}'`,
      { info: { parameter: 'format' } },
    )
  const accept = request.headers.accept ?? ''
  // Quality values are not weighed: who names a stream wants it.
  return media.find(([type]) => accept.includes(type))?.[1] ?? 'json'
}
