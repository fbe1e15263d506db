/**
 * `POST /webhooks/{name}`: answered when the event is durable: 202, or 200 for a delivery that was there already.
 *
 * @module
 */
import { type Event, HeddleError, event } from '@heddle/core'
import type { FastifyReply } from 'fastify'
import { checkJson } from '../../cloudevents/binary.ts'
import { incoming } from '../../cloudevents/incoming.ts'
import { publishChannel, webhookChannel } from '../channels.ts'
import type { GatewayContext } from '../context.ts'
import { jsonContent, ref } from '../openapi/parts.ts'
import { once, placeText } from '../publish/place.ts'
import { type GatewayRequest, type Route, sendJsonText } from '../routes/route.ts'
import { github } from './github.ts'
import { standardWebhooks } from './standard.ts'
import { unsigned } from './unsigned.ts'
import type { Delivery, WebhookDialect, WebhookOptions } from './webhook.ts'

const dialects: Readonly<Record<WebhookOptions['signature'], WebhookDialect>> = {
  github,
  'standard-webhooks': standardWebhooks,
  none: unsigned,
}

/**
 * The route of all webhooks; none without any.
 * @throws HEDDLE_CONFIG_INVALID for a signature without a secret.
 */
export function webhookRoutes(context: GatewayContext): Route[] {
  const webhooks = context.options.webhooks ?? {}
  const names = Object.keys(webhooks)
  if (names.length === 0) return []
  for (const name of names) {
    const { secret, signature } = webhooks[name]!
    if (!Object.hasOwn(dialects, signature))
      throw new HeddleError(
        'HEDDLE_CONFIG_INVALID',
        `webhooks.${name}.signature must be one of ${Object.keys(dialects).join(', ')}`,
      )
    if (signature !== 'none' && secretsOf(secret).length === 0)
      throw new HeddleError('HEDDLE_CONFIG_INVALID', `webhooks.${name}.secret is missing`)
  }
  return [
    {
      method: 'POST',
      path: '/webhooks/{name}',
      action: 'publish',
      resource: ({ name }) => ({ type: 'webhook', name: name! }),
      operation: {
        operationId: 'webhook',
        tags: ['webhooks'],
        summary: "Take in another system's webhook as an event",
        description:
          'The signature that its configuration names is checked over the raw body. A delivery that comes again is answered with 200 and the place of the first.',
        parameters: [{ name: 'name', in: 'path', required: true, schema: { enum: names } }],
        requestBody: { required: true, ...jsonContent({}) },
        responses: {
          202: { description: 'Stored', ...jsonContent(ref('Published')) },
          200: { description: 'It was there already', ...jsonContent(ref('Published')) },
        },
        problems: [
          'HEDDLE_HTTP_NOT_FOUND',
          'HEDDLE_SIGNATURE_INVALID',
          'HEDDLE_EVENT_INVALID',
          'HEDDLE_LOG_UNKNOWN_TOPIC',
          'HEDDLE_LOG_UNAVAILABLE',
          'HEDDLE_BUFFER_FULL',
        ],
      },
      handle: (request, reply) => takeIn(context, request, reply),
    },
  ]
}

const secretsOf = (secret: WebhookOptions['secret']): readonly string[] =>
  (typeof secret === 'string' ? [secret] : (secret ?? [])).filter((one) => one !== '')

async function takeIn(context: GatewayContext, request: GatewayRequest, reply: FastifyReply): Promise<void> {
  const began = performance.now()
  const { access, clock, log, options } = context
  const name = request.params['name']!
  const webhooks = options.webhooks!
  if (!Object.hasOwn(webhooks, name))
    throw new HeddleError('HEDDLE_HTTP_NOT_FOUND', `no webhook is called '${name}'`)
  const webhook = webhooks[name]!
  const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0)
  const delivery: Delivery = { name, headers: request.headers, body, now: clock.now() }
  const { id, record, type } = incoming(webhookEvent(delivery, webhook), request.headers['traceparent'])

  const charged = access.charge(
    request.principal,
    { events: 1, bytes: body.length },
    { type: 'webhook', name },
  )
  if (charged) await charged
  const [place] = await log.append(webhook.topic, [record], once)
  const duplicate = place!.duplicate === true
  sendJsonText(reply, duplicate ? 200 : 202, placeText(webhook.topic, id, place!))
  if (webhookChannel.hasSubscribers)
    webhookChannel.publish({ webhook: name, topic: webhook.topic, type, duplicate })
  if (publishChannel.hasSubscribers) {
    publishChannel.publish({
      topic: webhook.topic,
      mode: 'webhook',
      events: 1,
      duplicates: duplicate ? 1 : 0,
      failed: 0,
      bytes: body.length,
      ms: performance.now() - began,
    })
  }
}

/** The event of a delivery, its signature checked. Data are the bytes of the body. */
export function webhookEvent(delivery: Delivery, webhook: WebhookOptions): Event {
  const { body, headers, name, now } = delivery
  const dialect = dialects[webhook.signature]
  dialect.verify(delivery, secretsOf(webhook.secret))
  const media = headers['content-type'] ?? 'application/json'
  if (/^application\/x-www-form-urlencoded/i.test(media)) {
    throw new HeddleError(
      'HEDDLE_HTTP_UNSUPPORTED_MEDIA',
      `${media}: set the webhook's content type to application/json`,
    )
  }
  checkJson(body)
  const attributes = dialect.attributes(delivery, JSON.parse(body.toString()))
  return event({
    source: `/webhooks/${name}`,
    time: new Date(now).toISOString(),
    ...attributes,
    ...(webhook.source === undefined ? undefined : { source: webhook.source }),
    datacontenttype: 'application/json',
    data: body,
  })
}
