import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { PublishMessage } from '@heddle/gateway/http'
import { expect, test } from 'vitest'
import { batch, call, event, ndjson, post, publishAll, serve, structured } from './serve.ts'

const stored = async (events: string): Promise<Record<string, unknown>[]> =>
  (await call(events)).body.events.map((item: { event: Record<string, unknown> }) => item.event)

test('structured: stored as it was sent, answered with its place; a repeat with the place of the first', async () => {
  await using served = await serve()
  const sent = event('a', { subject: 'é', partitionkey: 'k', data: { n: [1, 2] }, myext: 'x' })
  const first = await post(served.events, structured, sent)
  expect(first).toMatchObject({ status: 201, body: { topic: 'orders', offset: 0, id: 'a' } })
  const again = await post(served.events, structured, { ...sent, data: 'other' })
  expect(again).toMatchObject({ status: 200, body: { ...first.body, duplicate: true } })
  expect(await stored(served.events)).toEqual([{ ...sent, traceparent: expect.any(String) }])
})

test('binary: the same event comes out as in structured mode', async () => {
  await using served = await serve()
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': 'a',
    'ce-source': '/test',
    'ce-type': 't',
    'ce-subject': '%C3%A9',
    'content-type': 'text/plain',
  }
  expect((await post(served.events, headers, 'hello')).status).toBe(201)
  expect(await stored(served.events)).toEqual([
    event('a', {
      subject: 'é',
      datacontenttype: 'text/plain',
      data: 'hello',
      traceparent: expect.any(String),
    }),
  ])
})

test('plain JSON: attributes come from the query, or are made up', async () => {
  await using served = await serve()
  const json = { 'content-type': 'application/json' }
  expect(
    (await post(`${served.events}?type=greeting&id=1&source=/me&partitionkey=k`, json, { hi: 1 })).status,
  ).toBe(201)
  expect(
    (await post(`${served.events}?type=greeting&id=1&source=/me&partitionkey=k`, json, { hi: 1 })).status,
  ).toBe(200)
  expect((await post(served.events, json, { hi: 2 })).status).toBe(201)
  const events = await stored(served.events)
  expect(events.map(({ data, id, source, type }) => ({ data, id, source, type }))).toEqual(
    expect.arrayContaining([
      { data: { hi: 1 }, id: '1', source: '/me', type: 'greeting' },
      { data: { hi: 2 }, id: expect.stringMatching(/^[\da-f-]{36}$/), source: '/', type: 'heddle.json' },
    ]),
  )
  // Whoever forgot the media type of an event is told so, rather than given an event in an event.
  expect(await post(served.events, json, event(3))).toMatchObject({
    status: 415,
    body: { detail: expect.stringContaining('application/cloudevents+json') },
  })
})

test('a batch: each item has its result; valid ones are stored beside refused ones', async () => {
  await using served = await serve()
  await served.log.createTopic({ name: 'small', maxRecordBytes: 500 })
  const answer = await post(`${served.url}/topics/small/events`, batch, [
    event(1),
    { specversion: '1.0' },
    event(2, { data: 'x'.repeat(600) }),
    event(1),
    event(3),
  ])
  expect(answer).toMatchObject({
    status: 207,
    body: {
      stored: 2,
      duplicates: 1,
      failed: 2,
      results: [
        { status: 201, id: '1' },
        { status: 400, error: { code: 'HEDDLE_EVENT_INVALID', detail: 'id is missing' } },
        { status: 413, error: { code: 'HEDDLE_LOG_RECORD_TOO_LARGE' } },
        { status: 200, id: '1', duplicate: true },
        { status: 201, id: '3' },
      ],
    },
  })
  expect((await post(`${served.url}/topics/small/events`, batch, [event(4)])).status).toBe(200)
  expect(await post(`${served.url}/topics/small/events`, batch, [{}, 7])).toMatchObject({
    status: 400,
    body: { failed: 2 },
  })
  expect(await post(`${served.url}/topics/small/events`, batch, [])).toMatchObject({
    status: 200,
    body: { stored: 0, results: [] },
  })
})

test('NDJSON: a result for each line, in order, and the sums at the end', async () => {
  await using served = await serve()
  const lines = [JSON.stringify(event(1)), '', 'nope', JSON.stringify(event(1)), JSON.stringify(event(2))]
  const { body, status } = await call(served.events, {
    method: 'POST',
    headers: ndjson,
    body: lines.join('\r\n'),
  })
  expect(status).toBe(200)
  const results = body
    .trim()
    .split('\n')
    .map((line: string) => JSON.parse(line))
  expect(results).toMatchObject([
    { line: 1, status: 201, id: '1' },
    { line: 2, status: 400, error: { code: 'HEDDLE_EVENT_INVALID' } },
    { line: 3, status: 200, id: '1', duplicate: true },
    { line: 4, status: 201, id: '2' },
    { done: true, stored: 2, duplicates: 1, failed: 1 },
  ])
  const only = await call(`${served.events}?results=failures`, {
    method: 'POST',
    headers: ndjson,
    body: lines.join('\n'),
  })
  expect(
    only.body
      .trim()
      .split('\n')
      .map((line: string) => JSON.parse(line)),
  ).toMatchObject([{ line: 2 }, { done: true, duplicates: 3, failed: 1 }])
})

test('the trace context is that of the event, else of the request, else a new one', async () => {
  await using served = await serve({}, 1)
  const own = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const ofRequest = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
  await post(served.events, { ...structured, traceparent: ofRequest }, event(1, { traceparent: own }))
  await post(served.events, { ...structured, traceparent: ofRequest }, event(2))
  await post(served.events, { ...structured, traceparent: 'nonsense' }, event(3))
  await post(served.events, { ...batch, traceparent: ofRequest }, [event(4)])
  const traces = (await stored(served.events)).map(({ traceparent }) => traceparent)
  expect(traces).toEqual([
    own,
    ofRequest,
    expect.stringMatching(/^00-[\da-f]{32}-[\da-f]{16}-01$/),
    ofRequest,
  ])
})

test('what is wrong has the right status, and says what to do', async () => {
  await using served = await serve({ limits: { maxBodyBytes: 1000, maxBatchEvents: 2 } })
  const problems = await Promise.all([
    post(`${served.url}/topics/ordres/events`, structured, event(1)),
    post(served.events, structured, '{"id":'),
    post(served.events, structured, event(1, { data: 'x'.repeat(2000) })),
    post(served.events, batch, [event(1), event(2), event(3)]),
    post(served.events, batch, '{}'),
    post(served.events, { 'content-type': 'text/plain' }, 'x'),
    post(served.events, { 'content-type': 'not a type' }, 'x'),
    post(`${served.url}/topics/nope/events`, ndjson, JSON.stringify(event(1))),
    call(`${served.events}?offset=1&x`, { method: 'PUT' }),
    call(`${served.url}/elsewhere`),
    post(`${served.events}?results=some`, ndjson, ''),
  ])
  expect(problems.map(({ body, status }) => [status, body.code])).toEqual([
    [404, 'HEDDLE_LOG_UNKNOWN_TOPIC'],
    [400, 'HEDDLE_EVENT_INVALID'],
    [413, 'HEDDLE_HTTP_BODY_TOO_LARGE'],
    [413, 'HEDDLE_HTTP_BODY_TOO_LARGE'],
    [400, 'HEDDLE_EVENT_INVALID'],
    [415, 'HEDDLE_HTTP_UNSUPPORTED_MEDIA'],
    [415, 'HEDDLE_HTTP_UNSUPPORTED_MEDIA'],
    [404, 'HEDDLE_LOG_UNKNOWN_TOPIC'],
    [405, 'HEDDLE_HTTP_METHOD_NOT_ALLOWED'],
    [404, 'HEDDLE_HTTP_NOT_FOUND'],
    [400, 'HEDDLE_HTTP_BAD_REQUEST'],
  ])
  expect(problems[0].body.detail).toContain("did you mean 'orders'")
  expect(problems[8].headers.get('allow')).toBe('POST, GET')
  for (const { body, headers, status } of problems) {
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(body).toMatchObject({
      type: `/problems/${body.code}`,
      title: expect.any(String),
      status,
      todo: expect.any(String),
    })
    expect(await call(`${served.url}${body.type}`)).toMatchObject({
      status: 200,
      body: { code: body.code, status },
    })
  }
})

test('publishes are told on the channel, and only once they are durable', async () => {
  await using served = await serve()
  const told: PublishMessage[] = []
  const listen = (message: unknown): void => void told.push(message as PublishMessage)
  subscribe('heddle:gateway:publish', listen)
  try {
    await post(served.events, structured, event(1))
    await publishAll(served.events, [event(1), event(2)])
    await post(served.events, structured, {})
  } finally {
    unsubscribe('heddle:gateway:publish', listen)
  }
  expect(told).toMatchObject([
    { topic: 'orders', mode: 'structured', events: 1, duplicates: 0, failed: 0 },
    { topic: 'orders', mode: 'batch', events: 2, duplicates: 1, failed: 0 },
  ])
})
