/**
 * `/subscriptions`: durable consumers of topics, whose events are leased and settled one by one.
 *
 * @module
 */
import {
  type Delivery,
  HeddleError,
  type Principal,
  type SubscriptionSettings,
  type SubscriptionStart,
} from '@heddle/core'
import type { GatewayContext } from '../context.ts'
import { jsonContent, query, ref } from '../openapi/parts.ts'
import type { GatewayRequest, Route } from '../routes/route.ts'
import { sendJson } from '../routes/route.ts'
import { bodyObject } from '../routes/topics.ts'
import { follow } from './follow.ts'
import { defaultPrefetch } from './next-events.ts'
import { pull } from './pull.ts'
import { subscriptionResource as resource } from './resource.ts'
import { settlementsOf } from './settlements.ts'

const tags = ['subscriptions']
const parameters = [
  {
    name: 'subscription',
    in: 'path',
    required: true,
    description: 'Name of the subscription',
    schema: { type: 'string' },
  },
]
const answer = (description: string, schema: string): object => ({
  description,
  ...jsonContent(ref(schema)),
})
const unknown = 'HEDDLE_SUBSCRIPTION_UNKNOWN'
const mistakes = ['HEDDLE_SUBSCRIPTION_INVALID', 'HEDDLE_EXPRESSION_INVALID', 'HEDDLE_LOG_UNKNOWN_TOPIC']

const name = (request: GatewayRequest): string => request.params['subscription']!

/** The routes of subscriptions. */
export function subscriptionRoutes(context: GatewayContext, delivery: Delivery): Route[] {
  const { access } = context

  /** Who subscribes gets what is in the topics. */
  const mayRead = async (principal: Principal, topics: unknown): Promise<void> => {
    if (access.open || !Array.isArray(topics)) return
    for (const topic of topics) await access.allow(principal, 'read', { type: 'topic', name: String(topic) })
  }

  return [
    {
      method: 'GET',
      path: '/subscriptions',
      action: 'describe',
      resource,
      operation: {
        operationId: 'listSubscriptions',
        tags,
        summary: 'All subscriptions',
        responses: { 200: answer('The subscriptions, by name', 'SubscriptionList') },
      },
      handle: async (_, reply) => sendJson(reply, 200, { subscriptions: await delivery.list() }),
    },
    {
      method: 'PUT',
      path: '/subscriptions/{subscription}',
      action: 'create',
      resource,
      operation: {
        operationId: 'putSubscription',
        tags,
        summary: 'Create a subscription',
        description:
          'It begins with what is published from now on, or where `from` says. Answers with the one that is there, when it has the same settings.',
        parameters,
        requestBody: { required: true, ...jsonContent(ref('NewSubscription')) },
        responses: { 200: answer('The subscription', 'Subscription') },
        problems: [...mistakes, 'HEDDLE_SUBSCRIPTION_EXISTS'],
      },
      handle: async (request, reply) => {
        const { from, ...settings } = bodyObject(request.body)
        await mayRead(request.principal, settings['topics'])
        const created = await delivery.create(
          name(request),
          settings as unknown as SubscriptionSettings,
          from === undefined ? undefined : startOf(from, 'from'),
        )
        sendJson(reply, 200, created)
      },
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscription}',
      action: 'describe',
      resource,
      operation: {
        operationId: 'describeSubscription',
        tags,
        summary: 'Settings of a subscription, and how far it has come',
        parameters,
        responses: { 200: answer('The subscription', 'SubscriptionStatus') },
        problems: [unknown],
      },
      handle: async (request, reply) => sendJson(reply, 200, await delivery.describe(name(request))),
    },
    {
      method: 'PATCH',
      path: '/subscriptions/{subscription}',
      action: 'alter',
      resource,
      operation: {
        operationId: 'alterSubscription',
        tags,
        summary: 'Change settings of a subscription, suspend or resume it',
        description: 'Only what is named is changed; `null` goes back to the default.',
        parameters,
        requestBody: { required: true, ...jsonContent(ref('SubscriptionSettings')) },
        responses: { 200: answer('The subscription', 'Subscription') },
        problems: [unknown, ...mistakes],
      },
      handle: async (request, reply) => {
        const changes = bodyObject(request.body)
        await mayRead(request.principal, changes['topics'])
        sendJson(reply, 200, await delivery.alter(name(request), changes))
      },
    },
    {
      method: 'DELETE',
      path: '/subscriptions/{subscription}',
      action: 'delete',
      resource,
      operation: {
        operationId: 'deleteSubscription',
        tags,
        summary: 'Delete a subscription, and how far it had come',
        description: 'Its dead letters stay.',
        parameters,
        responses: { 204: { description: 'It is deleted' } },
        problems: [unknown],
      },
      handle: async (request, reply) => {
        await delivery.delete(name(request))
        void reply.code(204).send()
      },
    },
    {
      method: 'POST',
      path: '/subscriptions/{subscription}/pull',
      action: 'read',
      resource,
      operation: {
        operationId: 'pull',
        tags,
        summary: 'Take events, to be settled',
        description:
          'Each is leased to the caller for `leaseMs`; what is not settled by then is given out again.',
        parameters: [
          ...parameters,
          query('max', 'Most events. Default 1', { type: 'integer', minimum: 1 }),
          query('wait', 'How long to wait for the first one, in milliseconds. Default 0', {
            type: 'integer',
            minimum: 0,
          }),
        ],
        responses: { 200: answer('The events; none when the wait was over', 'Pulled') },
        problems: [unknown, 'HEDDLE_HTTP_BAD_REQUEST'],
      },
      handle: (request, reply) => pull(context, delivery, request, reply),
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscription}/events',
      action: 'read',
      resource,
      operation: {
        operationId: 'follow',
        tags,
        summary: 'Be given events as they come, to be settled',
        description:
          'Server-Sent Events; the data of each is one of the events of a pull. A WebSocket at this address takes settlements, too.',
        parameters: [
          ...parameters,
          query('prefetch', `Most events that are not settled. Default ${defaultPrefetch}`, {
            type: 'integer',
            minimum: 1,
          }),
        ],
        responses: {
          200: {
            description: 'The events, until the reader goes',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
        },
        problems: [unknown, 'HEDDLE_HTTP_BAD_REQUEST'],
      },
      handle: (request, reply) => follow(context, delivery, request, reply),
    },
    {
      method: 'POST',
      path: '/subscriptions/{subscription}/settle',
      action: 'read',
      resource,
      operation: {
        operationId: 'settle',
        tags,
        summary: 'Say what became of events',
        description:
          'Durable when it is answered. `lost` has the leases that were not held any more, or are held by another process: their events are given out again.',
        parameters,
        requestBody: { required: true, ...jsonContent(ref('Settlements')) },
        responses: { 200: answer('What was too late', 'Settled') },
        problems: [unknown, 'HEDDLE_HTTP_BAD_REQUEST'],
      },
      handle: async (request, reply) => {
        const settlements = settlementsOf(bodyObject(request.body))
        sendJson(reply, 200, { lost: await delivery.settle(name(request), settlements) })
      },
    },
    {
      method: 'POST',
      path: '/subscriptions/{subscription}/seek',
      action: 'operate',
      resource,
      operation: {
        operationId: 'seekSubscription',
        tags,
        summary: 'Move a subscription to its beginning, its end or a time',
        parameters,
        requestBody: { required: true, ...jsonContent(ref('SubscriptionSeek')) },
        responses: { 200: answer('The subscription', 'SubscriptionStatus') },
        problems: [unknown, 'HEDDLE_HTTP_BAD_REQUEST', 'HEDDLE_LOG_GROUP_ACTIVE'],
      },
      handle: async (request, reply) => {
        await delivery.seek(name(request), startOf(bodyObject(request.body)['to'], 'to'))
        sendJson(reply, 200, await delivery.describe(name(request)))
      },
    },
  ]
}

/** `earliest`, `latest`, a time as RFC 3339, or in milliseconds since 1970. */
function startOf(value: unknown, parameter: string): SubscriptionStart {
  if (value === 'earliest' || value === 'latest') return value
  const time = typeof value === 'number' ? value : Date.parse(String(value))
  if (Number.isSafeInteger(time) && time >= 0) return { time }
  throw new HeddleError(
    'HEDDLE_HTTP_BAD_REQUEST',
    `${parameter} must be earliest, latest, an RFC 3339 time or milliseconds since 1970`,
    { info: { parameter } },
  )
}
