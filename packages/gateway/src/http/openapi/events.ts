/**
 * What the OpenAPI document says of publishing and reading.
 *
 * @module
 */
import { deliverLater } from '../../cloudevents/plain.ts'
import type { HttpLimits } from '../options.ts'
import { defaultReplyTopic } from '../request/replies.ts'
import { defaultTimeoutMs } from '../request/timeout.ts'
import type { Operation } from '../routes/route.ts'
import { header, jsonContent, query, ref, topicParameter } from './parts.ts'

const schema = (name: string): object => ({ schema: ref(name) })

export const publishOperation: Operation = {
  operationId: 'publish',
  tags: ['events'],
  summary: 'Publish one event or many',
  description:
    'Durable before the answer, and once: a repeat of source and id within the window of the topic is answered with 200, `duplicate: true` and the place of the first. ' +
    'Without a CloudEvents envelope, application/json is the data of an event whose attributes come from the query. ' +
    'With one of the extension attributes deliverat, deliverafter, deliverevery and delivercron it is sent later.',
  parameters: [
    topicParameter,
    header('ce-specversion', 'Binary mode: 1.0; the other attributes are ce- headers too, percent-encoded'),
    header('ce-id', 'Binary mode'),
    header('ce-source', 'Binary mode'),
    header('ce-type', 'Binary mode'),
    header('traceparent', 'W3C trace context, kept on events that have none of their own'),
    query('id', 'Plain JSON only: without it, a repeat is a new event', { type: 'string' }),
    query('source', 'Plain JSON only', { type: 'string', default: '/' }),
    query('type', 'Plain JSON only', { type: 'string', default: 'heddle.json' }),
    query('subject', 'Plain JSON only', { type: 'string' }),
    query('time', 'Plain JSON only; default now', { type: 'string', format: 'date-time' }),
    query('dataschema', 'Plain JSON only', { type: 'string' }),
    query('partitionkey', 'Plain JSON only', { type: 'string' }),
    ...deliverLater.map((name) => query(name, 'Plain JSON only: send it later', { type: 'string' })),
    query('results', 'NDJSON only: which lines are answered', {
      enum: ['all', 'failures', 'none'],
      default: 'all',
    }),
  ],
  requestBody: {
    required: true,
    content: {
      'application/cloudevents+json': schema('Event'),
      'application/cloudevents-batch+json': { schema: { type: 'array', items: ref('Event') } },
      'application/x-ndjson': { schema: { type: 'string', description: 'One Event a line; of any length' } },
      'application/json': { schema: { description: 'Data; with ce- headers, binary mode' } },
      '*/*': { schema: { description: 'Data, in binary mode' } },
    },
  },
  responses: {
    201: { description: 'Stored', ...jsonContent(ref('Published')) },
    202: {
      description:
        'Accepted to be sent later; or accepted while the log is away: durable here, and stored as soon as the log can be reached',
      ...jsonContent(ref('Published')),
    },
    200: {
      description: 'It was there already; or a batch or stream with all items stored',
      content: {
        'application/json': { schema: { oneOf: [ref('Published'), ref('BatchResult')] } },
        'application/x-ndjson': schema('LineResult'),
      },
    },
    207: { description: 'A batch of which some items were refused', ...jsonContent(ref('BatchResult')) },
    400: {
      description: 'Not valid; for a batch, all of its items were refused',
      content: { 'application/problem+json': schema('Problem'), 'application/json': schema('BatchResult') },
    },
  },
  problems: [
    'HEDDLE_LOG_UNKNOWN_TOPIC',
    'HEDDLE_LOG_RECORD_TOO_LARGE',
    'HEDDLE_HTTP_BODY_TOO_LARGE',
    'HEDDLE_HTTP_UNSUPPORTED_MEDIA',
    'HEDDLE_SCHEDULE_INVALID',
    'HEDDLE_LOG_DISK_FULL',
    'HEDDLE_LOG_UNAVAILABLE',
    'HEDDLE_BUFFER_FULL',
  ],
}

export const readOperation = (limits: HttpLimits): Operation => ({
  operationId: 'read',
  tags: ['events'],
  summary: 'Read events, and follow them',
  description:
    'As JSON (a page, with a long poll), NDJSON, or Server-Sent Events, as Accept says. The same address takes a WebSocket upgrade. ' +
    'An SSE stream that ends is resumed exactly with Last-Event-ID.',
  parameters: [
    topicParameter,
    query('format', 'Overrides Accept', { enum: ['json', 'ndjson', 'sse'] }),
    query(
      'from',
      'earliest, latest, an RFC 3339 time, or milliseconds since 1970. Default: earliest; latest for a stream that follows',
      { type: 'string' },
    ),
    query('cursor', 'Go on where another read ended', { type: 'string' }),
    query('partition', 'Only this partition', { type: 'integer', minimum: 0 }),
    query('offset', 'From this offset of that partition', { type: 'integer', minimum: 0 }),
    query('limit', `At most this many events; at most ${limits.maxReadEvents} as JSON`, {
      type: 'integer',
      minimum: 1,
    }),
    query('wait', 'JSON: wait this many milliseconds for an event', {
      type: 'integer',
      minimum: 0,
      maximum: limits.maxWaitMs,
      default: 0,
    }),
    query('follow', 'NDJSON: go on when the end is reached', { type: 'boolean', default: false }),
    query(
      'filter',
      "A CEL expression over `event`: only events for which it is true. Example: event.type == 'push'",
      { type: 'string' },
    ),
    query('credit', 'WebSocket: how many events may be sent before the first grant', {
      type: 'integer',
      minimum: 0,
      default: 0,
    }),
    header('Last-Event-ID', 'SSE: the cursor after which to go on'),
  ],
  responses: {
    101: { description: 'WebSocket, see docs/reference/http-api.md' },
    200: {
      description: 'Events',
      content: {
        'application/json': schema('ReadPage'),
        'application/x-ndjson': schema('ReadLine'),
        'text/event-stream': { schema: { type: 'string', description: 'id: cursor, data: Event' } },
      },
    },
  },
  problems: ['HEDDLE_LOG_UNKNOWN_TOPIC', 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE', 'HEDDLE_EXPRESSION_INVALID'],
})

export const requestOperation = (limits: HttpLimits): Operation => ({
  operationId: 'request',
  tags: ['events'],
  summary: 'Publish one event, and wait for the reply to it',
  description:
    'The event gets `replyto`, a topic, and `correlationid`; the reply is the first event there that has the same `correlationid`. Asking again with the same event publishes nothing more, and finds a reply that came meanwhile.',
  parameters: [
    topicParameter,
    query('timeout', `How long to wait, in milliseconds. Default ${defaultTimeoutMs}`, {
      type: 'integer',
      minimum: 1,
      maximum: limits.maxWaitMs,
    }),
    query('replies', `Topic of the reply. Default ${defaultReplyTopic}`, { type: 'string' }),
  ],
  requestBody: {
    required: true,
    content: {
      'application/cloudevents+json': schema('Event'),
      'application/json': { schema: { description: 'Data, with the attributes as for a publish' } },
      '*/*': { schema: { description: 'Data, in binary mode' } },
    },
  },
  responses: {
    200: { description: 'The reply', content: { 'application/cloudevents+json': schema('Event') } },
  },
  problems: [
    'HEDDLE_LOG_UNKNOWN_TOPIC',
    'HEDDLE_HTTP_BAD_REQUEST',
    'HEDDLE_HTTP_UNSUPPORTED_MEDIA',
    'HEDDLE_REQUEST_TIMEOUT',
  ],
})
