/**
 * Schemas of the OpenAPI document (JSON Schema 2020-12).
 *
 * @module
 */
import { errorTable } from '@heddle/core'
import { ref } from './parts.ts'
import { scheduleSchemas } from './schedule-schemas.ts'
import { subscriptionSchemas } from './subscription-schemas.ts'

const text = { type: 'string' } as const
const whole = { type: 'integer', minimum: 0 } as const
const duration = { description: "Milliseconds, or a text with a unit: '7d'", oneOf: [whole, text] } as const
const size = { description: "Bytes, or a text with a unit: '1gb'", oneOf: [whole, text] } as const
const list = (items: object): object => ({ type: 'array', items })
const object = (
  properties: Readonly<Record<string, object>>,
  required: readonly string[] = Object.keys(properties),
): object => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? undefined : { required }),
})

const settings = {
  partitions: { ...whole, minimum: 1 },
  retention: object({ ms: duration, bytes: size }, []),
  compaction: { type: 'boolean' },
  dedupe: object({ ms: duration, ids: whole }),
  maxRecordBytes: size,
  durability: { enum: ['fsync', 'os'] },
}

const place = {
  topic: text,
  partition: whole,
  offset: whole,
  id: text,
  duplicate: { const: true },
  buffered: {
    const: true,
    description: 'It is durable here, and goes to the log when that can be reached: it has no place yet',
  },
  schedule: { ...text, description: 'Id of the schedule by which it is sent later: it has no place yet' },
  deliverat: { ...text, format: 'date-time', description: 'When it is sent, at first' },
}
const placeRequired = ['topic', 'id']

export const schemas: Readonly<Record<string, object>> = {
  Event: {
    type: 'object',
    description: 'A CloudEvents 1.0 event in the JSON format; extension attributes stand beside the others.',
    properties: {
      specversion: { const: '1.0' },
      id: {
        ...text,
        minLength: 1,
        description: 'Unique within source; the pair is what repeats are found by',
      },
      source: { ...text, minLength: 1, description: 'URI-reference of where it happened' },
      type: { ...text, minLength: 1 },
      datacontenttype: text,
      dataschema: text,
      subject: text,
      time: { ...text, format: 'date-time' },
      partitionkey: { ...text, description: 'Events with the same key stay in order' },
      traceparent: text,
      tracestate: text,
      data: { description: 'Any JSON value; a text when datacontenttype is a text type' },
      data_base64: { ...text, contentEncoding: 'base64' },
    },
    required: ['specversion', 'id', 'source', 'type'],
    additionalProperties: { type: ['string', 'integer', 'boolean'] },
  },
  Published: object(place, placeRequired),
  BatchResult: object({
    stored: whole,
    duplicates: whole,
    failed: whole,
    results: list({
      oneOf: [
        object({ status: whole, ...place }, ['status', ...placeRequired]),
        object({ status: whole, error: ref('Problem') }),
      ],
    }),
  }),
  LineResult: {
    description:
      'A line of the answer to an NDJSON publish: the result of one line, or the last one, with the sums.',
    oneOf: [
      object({ line: { ...whole, minimum: 1 }, status: whole, ...place }, [
        'line',
        'status',
        ...placeRequired,
      ]),
      object({ line: { ...whole, minimum: 1 }, status: whole, error: ref('Problem') }),
      object(
        { done: { type: 'boolean' }, stored: whole, duplicates: whole, failed: whole, error: ref('Problem') },
        ['done', 'stored', 'duplicates', 'failed'],
      ),
    ],
  },
  ReadItem: object({ partition: whole, offset: whole, event: ref('Event') }),
  ReadPage: object({
    events: list(ref('ReadItem')),
    next: { ...text, description: 'The cursor to go on with' },
  }),
  ReadLine: {
    description: 'A line of an NDJSON read: an event, a sign of life, or why the gateway ends it.',
    oneOf: [
      object({ partition: whole, offset: whole, cursor: text, event: ref('Event') }),
      object({ heartbeat: { const: true }, cursor: text }),
      object({ closed: ref('Problem') }),
    ],
  },
  TopicSettings: { ...object(settings, []), additionalProperties: false },
  NewTopic: { ...object({ name: text, ...settings }, ['name']), additionalProperties: false },
  Topic: object({ name: text, ...settings, createdAt: { ...whole, description: 'Milliseconds since 1970' } }),
  TopicList: object({ topics: list(ref('Topic')) }),
  ...subscriptionSchemas,
  ...scheduleSchemas,
  Partition: object({ topic: text, partition: whole, earliest: whole, latest: whole, bytes: whole }),
  PartitionList: object({ partitions: list(ref('Partition')) }),
  Problem: {
    ...object(
      {
        type: text,
        title: text,
        status: whole,
        detail: text,
        code: { enum: Object.keys(errorTable) },
        kind: { enum: ['retryable', 'terminal', 'usage'] },
        todo: text,
        info: { type: 'object' },
      },
      ['type', 'title', 'status', 'code', 'kind', 'todo'],
    ),
    description: 'RFC 9457; `todo` says what to do about it.',
  },
}
