import { createHmac } from 'node:crypto'
import { isHeddleError } from '@heddle/core'
import { expect, test } from 'vitest'
import { webhookEvent } from './routes.ts'
import type { Delivery, WebhookOptions } from './webhook.ts'

const now = Date.parse('2026-11-24T06:00:00Z')
const refused = (code: string): Error =>
  expect.toSatisfy((error: unknown) => isHeddleError(error) && error.code === code) as Error

const push = { action: 'opened', repository: { html_url: 'https://github.com/octo/repo' } }
const githubDelivery = (body: string, signature: string): Delivery => ({
  name: 'gh',
  body: Buffer.from(body),
  now,
  headers: {
    'content-type': 'application/json',
    'x-github-event': 'issues',
    'x-github-delivery': 'd-1',
    'x-hub-signature-256': signature,
  },
})
const sign = (body: string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
const github: WebhookOptions = { topic: 't', signature: 'github', secret: ['old', 'new'] }

test('GitHub: the delivery is the event', () => {
  const body = JSON.stringify(push)
  const event = webhookEvent(githubDelivery(body, sign(body, 'new')), github)
  expect(event).toMatchObject({
    id: 'd-1',
    type: 'issues',
    source: 'https://github.com/octo/repo',
    subject: 'opened',
    time: '2026-11-24T06:00:00.000Z',
    datacontenttype: 'application/json',
  })
  expect(String(event.data)).toBe(body)
})

test("GitHub: the documentation's own example of a signature fits", () => {
  // https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
  const options: WebhookOptions = { topic: 't', signature: 'github', secret: "It's a Secret to Everybody" }
  const delivery = githubDelivery('Hello, World!', signature)
  // The signature fits; the payload of that example is not JSON.
  expect(() => webhookEvent(delivery, options)).toThrow(refused('HEDDLE_EVENT_DATA_INVALID'))
})

test.each(['', 'sha256=', `sha256=${'0'.repeat(64)}`, `sha1=${'0'.repeat(40)}`, 'sha256=zz'])(
  "GitHub: '%s' is refused",
  (signature) => {
    expect(() => webhookEvent(githubDelivery('{}', signature), github)).toThrow(
      refused('HEDDLE_SIGNATURE_INVALID'),
    )
  },
)

test('GitHub: one byte changed is refused', () => {
  const body = JSON.stringify(push)
  expect(() => webhookEvent(githubDelivery(`${body} `, sign(body, 'new')), github)).toThrow(
    refused('HEDDLE_SIGNATURE_INVALID'),
  )
})

// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const standard: WebhookOptions = { topic: 't', signature: 'standard-webhooks', secret }
const standardDelivery = (seconds: number, signature?: string): Delivery => {
  const body = '{"type":"user.created","timestamp":"2026-11-24T05:59:00Z","data":{}}'
  const key = Buffer.from(secret.slice(6), 'base64')
  const made = createHmac('sha256', key).update(`msg_1.${seconds}.${body}`).digest('base64')
  return {
    name: 'svix',
    body: Buffer.from(body),
    now,
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(seconds),
      'webhook-signature': signature ?? `v1a,nope v1,${made}`,
    },
  }
}

test('Standard Webhooks: type and time come from the body, the id from the header', () => {
  expect(webhookEvent(standardDelivery(now / 1000), standard)).toMatchObject({
    id: 'msg_1',
    type: 'user.created',
    time: '2026-11-24T05:59:00.000Z',
    source: '/webhooks/svix',
  })
})

test.each([now / 1000 - 301, now / 1000 + 301])(
  'Standard Webhooks: sent at %d is too far from now',
  (seconds) => {
    expect(() => webhookEvent(standardDelivery(seconds), standard)).toThrow(
      refused('HEDDLE_SIGNATURE_INVALID'),
    )
  },
)

test('Standard Webhooks: another signature is refused', () => {
  expect(() =>
    webhookEvent(standardDelivery(now / 1000, `v1,${Buffer.alloc(32).toString('base64')}`), standard),
  ).toThrow(refused('HEDDLE_SIGNATURE_INVALID'))
  expect(() => webhookEvent(standardDelivery(now / 1000, 'v1,x'), standard)).toThrow(
    refused('HEDDLE_SIGNATURE_INVALID'),
  )
})

test('unsigned: an Idempotency-Key is the id', () => {
  const delivery: Delivery = {
    name: 'form',
    body: Buffer.from('{}'),
    now,
    headers: { 'idempotency-key': 'k-1' },
  }
  expect(webhookEvent(delivery, { topic: 't', signature: 'none' })).toMatchObject({
    id: 'k-1',
    type: 'form',
    source: '/webhooks/form',
  })
})

test('a form is refused, and it says what to change', () => {
  const delivery: Delivery = {
    name: 'f',
    body: Buffer.from('payload=1'),
    now,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  }
  expect(() => webhookEvent(delivery, { topic: 't', signature: 'none' })).toThrow(
    refused('HEDDLE_HTTP_UNSUPPORTED_MEDIA'),
  )
})
