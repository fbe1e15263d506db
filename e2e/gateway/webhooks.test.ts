import { createHmac } from 'node:crypto'
import { isHeddleError } from '@heddle/core'
import { createHttpGateway } from '@heddle/gateway/http'
import { expect, test } from 'vitest'
import { call, post, serve } from './serve.ts'

const secret = 'octocat'
const webhooks = { github: { topic: 'orders', signature: 'github', secret } } as const
const delivery = (body: string, id: string, key = secret): Record<string, string> => ({
  'content-type': 'application/json',
  'x-github-event': 'push',
  'x-github-delivery': id,
  'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
})

test('a delivery becomes an event, once, when its signature is right', async () => {
  await using served = await serve({ webhooks })
  const address = `${served.url}/webhooks/github`
  const body = JSON.stringify({ ref: 'main', repository: { html_url: 'https://github.com/a/b' } }, null, 2)
  expect(await post(address, delivery(body, 'd-1'), body)).toMatchObject({
    status: 202,
    body: { topic: 'orders', id: 'd-1' },
  })
  expect(await post(address, delivery(body, 'd-1'), body)).toMatchObject({
    status: 200,
    body: { duplicate: true },
  })
  expect(await post(address, delivery(body, 'd-2', 'guess'), body)).toMatchObject({
    status: 401,
    body: { code: 'HEDDLE_SIGNATURE_INVALID' },
  })
  expect(await post(`${served.url}/webhooks/gitlab`, delivery(body, 'd-3'), body)).toMatchObject({
    status: 404,
    body: { code: 'HEDDLE_HTTP_NOT_FOUND' },
  })
  expect((await call(served.events)).body.events.map((item: { event: object }) => item.event)).toEqual([
    {
      specversion: '1.0',
      id: 'd-1',
      type: 'push',
      source: 'https://github.com/a/b',
      time: expect.any(String),
      datacontenttype: 'application/json',
      traceparent: expect.any(String),
      data: JSON.parse(body),
    },
  ])
})

test.each([
  ['no secret', { topic: 'orders', signature: 'github' }],
  ['an empty one', { topic: 'orders', signature: 'standard-webhooks', secret: '' }],
] as const)('a signed webhook with %s is refused when the gateway is made', async (_, webhook) => {
  await using served = await serve()
  const refused = (error: unknown): boolean => isHeddleError(error, 'HEDDLE_CONFIG_INVALID')
  expect(() => createHttpGateway({ log: served.log, webhooks: { w: webhook } })).toThrow(
    expect.toSatisfy(refused) as Error,
  )
})
