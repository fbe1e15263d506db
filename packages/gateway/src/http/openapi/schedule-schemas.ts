import { ref } from './parts.ts'

const text = { type: 'string' } as const
const whole = { type: 'integer', minimum: 0 } as const
const time = { ...text, format: 'date-time' } as const
const object = (properties: Readonly<Record<string, object>>, required: readonly string[]): object => ({
  type: 'object',
  properties,
  required,
})

const schedule = {
  id: text,
  topic: text,
  deliverat: { ...time, description: 'When it is sent next' },
  createdAt: { ...whole, description: 'Milliseconds since 1970' },
  sent: { ...whole, description: 'How often it was sent' },
  bytes: { ...whole, description: 'Of the data of its event' },
  deliverafter: { ...whole, description: 'Milliseconds, as the others' },
  deliverevery: whole,
  delivertimes: whole,
  delivercron: text,
  deliverzone: text,
}
const required = ['id', 'topic', 'deliverat', 'createdAt', 'sent', 'bytes', 'event']
const event = object({ id: text, source: text, type: text }, ['id', 'source', 'type'])

/** Schemas of the OpenAPI document for schedules. */
export const scheduleSchemas: Readonly<Record<string, object>> = {
  Schedule: object({ ...schedule, event }, required),
  ScheduleDetails: object({ ...schedule, event: ref('Event') }, required),
  SchedulePage: object({ schedules: { type: 'array', items: ref('Schedule') }, next: text }, ['schedules']),
  ScheduleCount: object({ count: whole }, ['count']),
  ScheduleMove: {
    type: 'object',
    description: 'One of the two',
    properties: {
      deliverat: { description: 'RFC 3339, or milliseconds since 1970', oneOf: [whole, time] },
      deliverafter: { description: 'Milliseconds, or a duration such as 10m', oneOf: [whole, text] },
    },
    additionalProperties: false,
  },
}
