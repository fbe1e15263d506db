import { ref } from './parts.ts'

const text = { type: 'string' } as const
const whole = { type: 'integer', minimum: 0 } as const
const some = { type: 'integer', minimum: 1 } as const
const flag = { type: 'boolean' } as const
const list = (items: object): object => ({ type: 'array', items })
const object = (
  properties: Readonly<Record<string, object>>,
  required: readonly string[] = Object.keys(properties),
): object => ({ type: 'object', properties, ...(required.length > 0 && { required }) })

const retry = {
  attempts: { ...whole, description: 'How often an event is given out in all; 0 for without end' },
  initialMs: whole,
  factor: { type: 'number', minimum: 1, maximum: 100 },
  maxMs: whole,
  jitter: { type: 'number', minimum: 0, maximum: 1 },
  delaysMs: { ...list(whole), description: 'Waits one by one, in the place of those that grow' },
  withinMs: { ...some, description: 'No attempt begins later than this after the event was published' },
}

const push = {
  url: { ...text, description: 'http:// or https://' },
  secrets: { ...list(text), description: 'Keys of Standard Webhooks: whsec_… or whsk_…; shown hidden' },
  headers: { type: 'object', additionalProperties: text, description: 'Sent along; values are shown hidden' },
  timeoutMs: some,
  concurrency: { ...some, description: 'Most requests under way, in each process' },
}

const settings = {
  topics: list(text),
  filter: { ...text, description: 'CEL over event' },
  order: { enum: ['key', 'partition', 'none'] },
  leaseMs: some,
  maxInFlight: some,
  retry: object(retry, []),
  maxAgeMs: some,
  expired: { enum: ['drop', 'dead-letter'] },
  suspended: flag,
  push: { ...object(push, []), description: 'Where its events are posted to' },
}

const start = {
  description: 'earliest, latest, an RFC 3339 time, or milliseconds since 1970',
  oneOf: [text, whole],
}
const made = { name: text, createdAt: whole, version: some }
const required = ['topics', 'order', 'leaseMs', 'maxInFlight', 'retry', 'expired', 'suspended']
const leases = list(text)

const meant = { ids: list(text), filter: text, after: text, limit: some }
const next = { ...text, description: '`after` of the next page; missing when all were looked at' }

/** Schemas of subscriptions and dead letters. */
export const subscriptionSchemas: Readonly<Record<string, object>> = {
  SubscriptionSettings: object(settings, []),
  NewSubscription: object({ ...settings, from: start }, ['topics']),
  Subscription: object({ ...made, ...settings }, [...Object.keys(made), ...required]),
  SubscriptionList: object({ subscriptions: list(ref('Subscription')) }),
  SubscriptionStatus: object(
    {
      ...made,
      ...settings,
      deadLetters: { ...text, description: 'Topic of what was given up' },
      backlog: { ...whole, description: 'Records that are not done, as far as was committed' },
      leased: { ...whole, description: 'Given out by this process, and not settled' },
      retrying: whole,
      ready: whole,
      partitions: list(object({ topic: text, partition: whole })),
      pushing: {
        ...object(
          {
            breaker: { enum: ['closed', 'open', 'half-open'] },
            limit: { ...whole, description: 'Requests that may be under way now' },
            inFlight: whole,
            lastFailure: object({ at: whole, reason: text }),
          },
          ['breaker', 'limit', 'inFlight'],
        ),
        description: 'How pushing goes in this process',
      },
    },
    [
      ...Object.keys(made),
      ...required,
      'deadLetters',
      'backlog',
      'leased',
      'retrying',
      'ready',
      'partitions',
    ],
  ),
  SubscriptionSeek: object({ to: start }),
  Pulled: object({
    events: list(
      object({
        lease: text,
        leasedUntil: whole,
        attempt: some,
        redelivered: flag,
        topic: text,
        partition: whole,
        offset: whole,
        event: ref('Event'),
      }),
    ),
  }),
  Settlements: object(
    {
      ack: leases,
      nack: list({
        oneOf: [text, object({ lease: text, delayMs: whole, reason: text, giveUp: flag }, ['lease'])],
      }),
      release: leases,
      extend: list(object({ lease: text, ms: whole })),
    },
    [],
  ),
  Settled: object({ lost: leases }),
  DeadLetterPage: object(
    {
      letters: list(
        object(
          {
            id: { ...text, description: 'partition:offset' },
            at: { ...whole, description: 'Milliseconds since 1970 when it was given up' },
            event: ref('Event'),
            mark: object({ state: { enum: ['redriven', 'dropped'] }, at: whole, by: text, to: text }, [
              'state',
              'at',
              'by',
            ]),
          },
          ['id', 'at', 'event'],
        ),
      ),
      next,
    },
    ['letters'],
  ),
  MeantDeadLetters: object(meant, []),
  Redrive: object(
    { ...meant, to: { ...text, description: 'Another topic, for all who read it' }, dryRun: flag },
    [],
  ),
  Redriven: object(
    {
      sent: { type: 'object', additionalProperties: whole, description: 'How many to which topic' },
      skipped: list(object({ id: text, reason: text })),
      next,
    },
    ['sent', 'skipped'],
  ),
  DroppedDeadLetters: object({ dropped: whole, next }, ['dropped']),
}
