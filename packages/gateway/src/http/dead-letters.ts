/**
 * `/topics/{topic}/dead-letters`: what subscriptions and topologies gave up, to be looked at, sent again or dropped.
 *
 * @module
 */
import { type DeadLetter, type DeadLetterQuery, type DeadLetters, HeddleError, toRecord } from '@heddle/core'
import { eventJson } from '../cloudevents/event-json.ts'
import type { GatewayContext } from './context.ts'
import { jsonContent, query, ref, topicParameter } from './openapi/parts.ts'
import { one, whole } from './read/start.ts'
import { type GatewayRequest, type Route, sendJson, sendJsonText, topicResource } from './routes/route.ts'
import { bodyObject } from './routes/topics.ts'

/** Most dead letters of one page: a transaction of some megabytes. */
const maxPage = 1_000

const tags = ['dead letters']
const problems = ['HEDDLE_LOG_UNKNOWN_TOPIC', 'HEDDLE_EXPRESSION_INVALID', 'HEDDLE_HTTP_BAD_REQUEST']
const parameters = [topicParameter]
const answer = (description: string, schema: string): Record<string, object> => ({
  200: { description, ...jsonContent(ref(schema)) },
})

const topicOf = (request: GatewayRequest): string => request.params['topic']!

/** The routes of dead letters. */
export function deadLetterRoutes({ access }: GatewayContext, letters: DeadLetters): Route[] {
  return [
    {
      method: 'GET',
      path: '/topics/{topic}/dead-letters',
      action: 'read',
      resource: topicResource,
      operation: {
        operationId: 'listDeadLetters',
        tags,
        summary: 'Dead letters of a topic, a page at a time',
        parameters: [
          ...parameters,
          query('filter', 'CEL over event: those that are wanted', { type: 'string' }),
          query('id', 'Only that one: partition:offset', { type: 'string' }),
          query('after', '`next` of the page before', { type: 'string' }),
          query('limit', 'Most of the page. Default 100', { type: 'integer', minimum: 1, maximum: maxPage }),
          query('all', 'Also those that were sent again or dropped', { type: 'boolean' }),
        ],
        responses: answer('The page', 'DeadLetterPage'),
        problems,
      },
      handle: async (request, reply) => {
        const page = await letters.list(topicOf(request), {
          ...queryOf(request),
          all: one(request.query, 'all') === 'true',
        })
        const next = page.next === undefined ? '' : `,"next":${JSON.stringify(page.next)}`
        sendJsonText(reply, 200, `{"letters":[${page.letters.map(letterJson).join(',')}]${next}}`)
      },
    },
    {
      method: 'POST',
      path: '/topics/{topic}/dead-letters/redrive',
      action: 'operate',
      resource: topicResource,
      operation: {
        operationId: 'redriveDeadLetters',
        tags,
        summary: 'Send a page of dead letters again',
        description:
          'Each goes to where it came from, for the subscription or topology that gave it up, or to the topic `to`. It is sent and marked in one transaction: doing it again sends none twice.',
        parameters,
        requestBody: { required: false, ...jsonContent(ref('Redrive')) },
        responses: answer('What was sent, or would be', 'Redriven'),
        problems,
      },
      handle: async (request, reply) => {
        const { to, dryRun = false, ...meant } = bodyObject(request.body)
        if (to !== undefined && typeof to !== 'string') throw invalid('to must be a topic')
        if (typeof dryRun !== 'boolean') throw invalid('dryRun must be true or false')
        const sent = await letters.redrive(topicOf(request), {
          ...meantBy(meant),
          ...(to !== undefined && { to }),
          dryRun,
          by: request.principal.name,
          allow: (topic) => access.allow(request.principal, 'publish', { type: 'topic', name: topic }),
        })
        sendJson(reply, 200, sent)
      },
    },
    {
      method: 'POST',
      path: '/topics/{topic}/dead-letters/drop',
      action: 'operate',
      resource: topicResource,
      operation: {
        operationId: 'dropDeadLetters',
        tags,
        summary: 'Drop a page of dead letters',
        description:
          'They are marked, and not listed or sent any more; the topic keeps them as long as it keeps all.',
        parameters,
        requestBody: { required: false, ...jsonContent(ref('MeantDeadLetters')) },
        responses: answer('How many', 'DroppedDeadLetters'),
        problems,
      },
      handle: async (request, reply) => {
        const meant = meantBy(bodyObject(request.body))
        sendJson(reply, 200, await letters.drop(topicOf(request), { ...meant, by: request.principal.name }))
      },
    },
  ]
}

const invalid = (why: string): HeddleError => new HeddleError('HEDDLE_HTTP_BAD_REQUEST', why)

function queryOf({ query: given }: GatewayRequest): DeadLetterQuery {
  const [filter, id, after] = [one(given, 'filter'), one(given, 'id'), one(given, 'after')]
  const limit = whole(given, 'limit', maxPage, 1)
  return {
    ...(filter !== undefined && { filter }),
    ...(id !== undefined && { ids: [id] }),
    ...(after !== undefined && { after }),
    ...(limit !== undefined && { limit }),
  }
}

/** Which ones a body means. */
function meantBy(body: Readonly<Record<string, unknown>>): DeadLetterQuery {
  for (const [name, value] of Object.entries(body)) {
    const fits = Object.hasOwn(meanings, name) ? meanings[name]! : undefined
    if (!fits) throw invalid(`there is no '${name}'`)
    if (!fits(value)) throw invalid(`${name} cannot be ${JSON.stringify(value)}`)
  }
  return body
}

const isText = (value: unknown): boolean => typeof value === 'string'
const meanings: Readonly<Record<string, (value: unknown) => boolean>> = {
  ids: (value) => Array.isArray(value) && value.length <= maxPage && value.every(isText),
  filter: isText,
  after: isText,
  limit: (value) => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= maxPage,
}

function letterJson({ id, at, event, mark }: DeadLetter): string {
  const { key, value, headers } = toRecord(event)
  const bytes = (content: Uint8Array | string): Uint8Array =>
    typeof content === 'string' ? Buffer.from(content) : content
  const record = {
    offset: 0,
    timestamp: at,
    key: key == null ? null : bytes(key),
    value: value === null ? null : bytes(value),
    headers: (headers ?? []).map(([name, content]) => [name, bytes(content)] as const),
  }
  const facts = JSON.stringify({ id, at, ...(mark && { mark }) })
  return `${facts.slice(0, -1)},"event":${eventJson(record, { topic: '', partition: 0 })}}`
}
