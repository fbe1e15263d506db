/**
 * `/topics`: the register of topics.
 *
 * @module
 */
import {
  type Duration,
  HeddleError,
  type Size,
  type TopicConfig,
  type TopicInfo,
  bytes,
  milliseconds,
} from '@heddle/core'
import type { GatewayContext } from '../context.ts'
import { ref, jsonContent, topicParameter } from '../openapi/parts.ts'
import type { GatewayLogPort } from '../options.ts'
import { type GatewayRequest, type Method, type Route, sendJson, topicResource } from './route.ts'

const tags = ['topics']
const all = () => ({ type: 'topic', name: '*' }) as const
const info = (description: string): object => ({ description, ...jsonContent(ref('Topic')) })
const settings = (required: boolean, schema: string): object => ({ required, ...jsonContent(ref(schema)) })

const name = (request: GatewayRequest): string => request.params['topic']!

/** The routes that list, create, describe, change and delete topics. */
export function topicRoutes({ log }: GatewayContext): Route[] {
  return [
    {
      method: 'GET',
      path: '/topics',
      action: 'describe',
      resource: all,
      operation: {
        operationId: 'listTopics',
        tags,
        summary: 'All topics',
        responses: { 200: { description: 'The topics, by name', ...jsonContent(ref('TopicList')) } },
      },
      handle: async (_, reply) => sendJson(reply, 200, { topics: await log.listTopics() }),
    },
    {
      method: 'POST',
      path: '/topics',
      action: 'create',
      resource: all,
      operation: {
        operationId: 'createTopic',
        tags,
        summary: 'Create a topic',
        description: 'Answers 200 when a topic of that name with these settings is there already.',
        requestBody: settings(true, 'NewTopic'),
        responses: { 201: info('It was created'), 200: info('It was there') },
        problems: ['HEDDLE_LOG_TOPIC_INVALID', 'HEDDLE_LOG_TOPIC_EXISTS'],
      },
      handle: async (request, reply) => {
        const body = bodyObject(request.body)
        if (typeof body['name'] !== 'string') throw invalid('name', 'must be a string')
        const { created, topic } = await create(log, body['name'], body)
        sendJson(reply, created ? 201 : 200, topic)
      },
    },
    {
      method: 'PUT',
      path: '/topics/{topic}',
      action: 'create',
      resource: topicResource,
      operation: {
        operationId: 'putTopic',
        tags,
        summary: 'Create a topic under this name',
        parameters: [topicParameter],
        requestBody: settings(false, 'TopicSettings'),
        responses: { 201: info('It was created'), 200: info('It was there') },
        problems: ['HEDDLE_LOG_TOPIC_INVALID', 'HEDDLE_LOG_TOPIC_EXISTS'],
      },
      handle: async (request, reply) => {
        const { created, topic } = await create(log, name(request), bodyObject(request.body))
        sendJson(reply, created ? 201 : 200, topic)
      },
    },
    {
      method: 'GET',
      path: '/topics/{topic}',
      action: 'describe',
      resource: topicResource,
      operation: {
        operationId: 'describeTopic',
        tags,
        summary: 'Settings of a topic',
        parameters: [topicParameter],
        responses: { 200: info('The topic') },
        problems: ['HEDDLE_LOG_UNKNOWN_TOPIC'],
      },
      handle: async (request, reply) => sendJson(reply, 200, await described(log, name(request))),
    },
    {
      method: 'PATCH',
      path: '/topics/{topic}',
      action: 'alter',
      resource: topicResource,
      operation: {
        operationId: 'alterTopic',
        tags,
        summary: 'Change settings of a topic',
        description:
          'Only what is named is changed. Partitions can only grow; the keys are then spread anew.',
        parameters: [topicParameter],
        requestBody: settings(true, 'TopicSettings'),
        responses: { 200: info('The topic as it is now') },
        problems: ['HEDDLE_LOG_UNKNOWN_TOPIC', 'HEDDLE_LOG_TOPIC_INVALID'],
      },
      handle: async (request, reply) =>
        sendJson(reply, 200, await log.alterTopic(name(request), readSettings(bodyObject(request.body)))),
    },
    {
      method: 'DELETE',
      path: '/topics/{topic}',
      action: 'delete',
      resource: topicResource,
      operation: {
        operationId: 'deleteTopic',
        tags,
        summary: 'Delete a topic, its events, and the offsets committed on it',
        parameters: [topicParameter],
        responses: { 204: { description: 'It is gone' } },
        problems: ['HEDDLE_LOG_UNKNOWN_TOPIC'],
      },
      handle: async (request, reply) => {
        await log.deleteTopic(name(request))
        void reply.code(204).send()
      },
    },
    {
      method: 'GET' satisfies Method,
      path: '/topics/{topic}/partitions',
      action: 'describe',
      resource: topicResource,
      operation: {
        operationId: 'listPartitions',
        tags,
        summary: 'Earliest and latest offset of each partition',
        parameters: [topicParameter],
        responses: {
          200: { description: 'The partitions, by number', ...jsonContent(ref('PartitionList')) },
        },
        problems: ['HEDDLE_LOG_UNKNOWN_TOPIC'],
      },
      handle: async (request, reply) =>
        sendJson(reply, 200, { partitions: await log.partitions(name(request)) }),
    },
  ]
}

async function described(log: GatewayLogPort, name: string): Promise<TopicInfo> {
  const topic = await log.describeTopic(name)
  if (topic) return topic
  throw new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC', `'${name}'`)
}

async function create(
  log: GatewayLogPort,
  name: string,
  body: Readonly<Record<string, unknown>>,
): Promise<{ created: boolean; topic: TopicInfo }> {
  const before = await log.describeTopic(name)
  return { topic: await log.createTopic({ name, ...readSettings(body) }), created: before === undefined }
}

const invalid = (setting: string, why: string): HeddleError =>
  new HeddleError('HEDDLE_LOG_TOPIC_INVALID', `${setting} ${why}`, { info: { setting } })

/** The body of a request as a JSON object; empty without one. @throws HEDDLE_HTTP_BAD_REQUEST */
export function bodyObject(body: unknown): Readonly<Record<string, unknown>> {
  if (body === undefined) return {}
  let json: unknown
  try {
    json = JSON.parse((body as Buffer).toString())
  } catch (error) {
    throw new HeddleError(
      'HEDDLE_HTTP_BAD_REQUEST',
      `the body is not JSON (${error instanceof Error ? error.message : String(error)})`,
      { cause: error },
    )
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>
  throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'the body is not a JSON object')
}

// What a setting is made of; a duration or a size may be a text with a unit ('7d', '1gb'), and null means without limit.
const readers: Readonly<Record<string, (value: unknown, setting: string) => unknown>> = {
  partitions: whole,
  retention: (value) => limited(value),
  compaction: (value, setting) => {
    if (typeof value !== 'boolean') throw invalid(setting, 'must be true or false')
    return value
  },
  dedupe: (value) => {
    const { ms, ids } = objectOf(value, 'dedupe')
    return { ms: milliseconds(ms as Duration), ids: whole(ids, 'dedupe.ids') }
  },
  maxRecordBytes: (value) => bytes(value as Size),
  durability: (value, setting) => {
    if (value !== 'fsync' && value !== 'os') throw invalid(setting, 'must be fsync or os')
    return value
  },
}

function readSettings(body: Readonly<Record<string, unknown>>): Partial<TopicConfig> {
  const settings: Record<string, unknown> = {}
  for (const [setting, value] of Object.entries(body)) {
    if (setting === 'name') continue
    const reader = Object.hasOwn(readers, setting) ? readers[setting] : undefined
    if (!reader) throw invalid(setting, `is not a setting; there are ${Object.keys(readers).join(', ')}`)
    settings[setting] = reader(value, setting)
  }
  return settings
}

function limited(value: unknown): TopicConfig['retention'] {
  const retention = objectOf(value, 'retention')
  return {
    ...(retention['ms'] == null ? undefined : { ms: milliseconds(retention['ms'] as Duration) }),
    ...(retention['bytes'] == null ? undefined : { bytes: bytes(retention['bytes'] as Size) }),
  }
}

function whole(value: unknown, setting: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalid(setting, 'must be a whole number')
}

function objectOf(value: unknown, setting: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw invalid(setting, 'must be an object')
}
