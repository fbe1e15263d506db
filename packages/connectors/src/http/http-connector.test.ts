import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Event, ManualClock, type Sink, event, isHeddleError, parseStructured } from '@heddle/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { httpConnector } from './http-connector.ts'
import { type HttpSinkOptions, http } from './http.ts'

interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let server: Server
let url: string
let received: Received[]
let answer: (response: ServerResponse, request: Received) => void
let sink: Sink | undefined
const clock = new ManualClock(1_700_000_000_000)

beforeEach(async () => {
  received = []
  answer = (response) => response.writeHead(204).end()
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = { headers: request.headers, body: Buffer.concat(chunks).toString() }
      received.push(one)
      answer(response, one)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
})

afterEach(async () => {
  await sink?.close()
  sink = undefined
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function open(options?: HttpSinkOptions, to = url): Promise<Sink> {
  const context = {
    topology: 'orders',
    component: 'http',
    clock,
    checkpoint: undefined,
    signal: new AbortController().signal,
  }
  return (sink = await httpConnector.openSink(http(to, options).config, context))
}

const order: Event = event({
  id: 'a 1',
  source: '/shop',
  type: 'order.placed',
  subject: 'naïve "quote"',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data: { total: 12 },
})

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('delivering', () => {
  test('binary mode: attributes as headers, data as the body', async () => {
    await (await open()).write([order])
    const { headers, body } = received[0]!
    expect(body).toBe('{"total":12}')
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': 'a%201',
      'ce-source': '/shop',
      'ce-type': 'order.placed',
      'ce-subject': 'na%C3%AFve%20%22quote%22',
      'idempotency-key': 'a%201',
      'webhook-id': 'a%201',
      traceparent: order.traceparent,
    })
  })

  test('structured mode: the whole event as the body', async () => {
    await (await open({ mode: 'structured' })).write([order])
    expect(received[0]!.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8')
    expect(parseStructured(JSON.parse(received[0]!.body))).toEqual(order)
  })

  test('an event without data has no content type and an empty body', async () => {
    await (await open()).write([event({ type: 'ping' })])
    expect(received[0]!.headers['content-type']).toBeUndefined()
    expect(received[0]!.headers['content-length']).toBe('0')
  })

  test('connections are kept', async () => {
    let connections = 0
    server.on('connection', () => connections++)
    const one = await open({ concurrency: 1 })
    for (let n = 0; n < 5; n++) await one.write([order])
    expect(connections).toBe(1)
  })

  test('configured headers, with environment variables', async () => {
    process.env['HEDDLE_TEST_TOKEN'] = 'sesame'
    try {
      await (await open({ headers: { Authorization: 'Bearer ${HEDDLE_TEST_TOKEN}' } })).write([order])
    } finally {
      delete process.env['HEDDLE_TEST_TOKEN']
    }
    expect(received[0]!.headers['authorization']).toBe('Bearer sesame')
  })
})

describe('failing', () => {
  test.each([400, 404, 410, 422])('%i is refused for good', async (status) => {
    answer = (response) => response.writeHead(status).end('no thanks')
    const error = await errorOf((await open()).write([order]))
    expect(isHeddleError(error, 'HEDDLE_SINK_REJECTED')).toBe(true)
    expect((error as Error).message).toContain('no thanks')
  })

  test.each([408, 429, 500, 503])('%i can be tried again', async (status) => {
    answer = (response) => response.writeHead(status).end()
    const error = await errorOf((await open()).write([order]))
    expect(isHeddleError(error, 'HEDDLE_SINK_UNAVAILABLE') && error.kind).toBe('retryable')
  })

  test('nobody listening can be tried again', async () => {
    const error = await errorOf((await open({}, 'http://127.0.0.1:1/')).write([order]))
    expect(isHeddleError(error, 'HEDDLE_SINK_UNAVAILABLE')).toBe(true)
  })

  test('a receiver that does not answer in time can be tried again', async () => {
    answer = () => {}
    const error = await errorOf((await open({ timeout: '30ms' })).write([order]))
    expect((error as Error).message).toContain('no answer within 30 ms')
  })

  test('Retry-After holds back all requests until then', async () => {
    answer = (response) => response.writeHead(429, { 'retry-after': '7' }).end()
    const one = await open()
    const error = await errorOf(one.write([order]))
    expect(isHeddleError(error) && error.info['retryAfterMs']).toBe(7000)

    answer = (response) => response.writeHead(200).end()
    const again = one.write([order])
    await clock.advance(6999)
    expect(received).toHaveLength(1)
    await clock.advance(1)
    await again
    expect(received).toHaveLength(2)
  })

  test('Retry-After is cut to maxRetryAfter', async () => {
    answer = (response) => response.writeHead(503, { 'retry-after': '86400' }).end()
    const error = await errorOf((await open({ maxRetryAfter: '1m' })).write([order]))
    expect(isHeddleError(error) && error.info['retryAfterMs']).toBe(60_000)
  })

  test('close ends a request that is under way', async () => {
    const asked = new Promise<void>((resolve) => {
      answer = () => resolve()
    })
    const one = await open()
    const error = errorOf(one.write([order]))
    await asked
    await one.close()
    expect(isHeddleError(await error, 'HEDDLE_SINK_UNAVAILABLE')).toBe(true)
  })
})

test.each([
  ['url', { url: 'ftp://x' }],
  ['mode', { mode: 'odd' }],
  ['timeoutMs', { timeoutMs: 0 }],
  ['concurrency', { concurrency: Number.NaN }],
  ['headers.a', { headers: { a: 1 } }],
  ['headers.a', { headers: { a: '${HEDDLE_TEST_NOT_SET}' } }],
])('a wrong %s is named', async (setting, change) => {
  const error = await errorOf(
    httpConnector.openSink(
      { ...http(url).config, ...change },
      {
        topology: 't',
        component: 'c',
        clock,
        checkpoint: undefined,
        signal: new AbortController().signal,
      },
    ),
  )
  expect(isHeddleError(error, 'HEDDLE_CONFIG_INVALID') && error.info['setting']).toBe(setting)
})
