import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { call, event, post, serve, structured } from './serve.ts'

test('the document is valid OpenAPI 3.1, and all it refers to is there', async () => {
  await using served = await serve({
    metrics: () => '',
    webhooks: { gh: { topic: 'orders', signature: 'none' } },
  })
  const { body } = await call(`${served.url}/openapi.json`)
  const validator = new Validator()
  expect(await validator.validate(structuredClone(body))).toEqual({ valid: true })
  expect(validator.version).toBe('3.1')
  const names = JSON.stringify(body)
    .match(/#\/components\/schemas\/\w+/g)!
    .map((ref) => ref.split('/').at(-1)!)
  expect(names.filter((name) => !Object.hasOwn(body.components.schemas, name))).toEqual([])
  expect(Object.keys(body.components.schemas).filter((name) => !names.includes(name))).toEqual([])
  const ids = Object.values(body.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
    (methods) => Object.values(methods).map(({ operationId }) => operationId),
  )
  expect(new Set(ids).size).toBe(ids.length)
})

test('the index names every address', async () => {
  await using served = await serve()
  const { body } = await call(`${served.url}/`)
  expect(body.addresses).toContainEqual({
    method: 'POST',
    path: '/topics/{topic}/events',
    summary: expect.any(String),
  })
})

test('topics: created once, described, changed, listed, deleted', async () => {
  await using served = await serve()
  const topic = `${served.url}/topics/invoices`
  const json = { 'content-type': 'application/json' }
  const settings = { partitions: 3, retention: { ms: '7d', bytes: '1gb' }, durability: 'os' }
  const put = (body: unknown): ReturnType<typeof call> =>
    call(topic, { method: 'PUT', headers: json, body: JSON.stringify(body) })
  const created = {
    name: 'invoices',
    partitions: 3,
    retention: { ms: 604_800_000, bytes: 1024 ** 3 },
    durability: 'os',
  }
  expect(await put(settings)).toMatchObject({ status: 201, body: created })
  expect(await put(settings)).toMatchObject({ status: 200, body: created })
  expect(await put({ partitions: 5 })).toMatchObject({
    status: 409,
    body: { code: 'HEDDLE_LOG_TOPIC_EXISTS' },
  })
  expect(await post(`${served.url}/topics`, json, { name: 'second' })).toMatchObject({
    status: 201,
    body: { name: 'second' },
  })
  expect(await post(`${served.url}/topics`, json, { name: 'a/b' })).toMatchObject({
    status: 400,
    body: { code: 'HEDDLE_LOG_TOPIC_INVALID' },
  })
  expect(await call(topic)).toMatchObject({ status: 200, body: created })
  const patch = (body: unknown): ReturnType<typeof call> =>
    call(topic, { method: 'PATCH', headers: json, body: JSON.stringify(body) })
  expect(await patch({ partitions: 4 })).toMatchObject({ status: 200, body: { ...created, partitions: 4 } })
  for (const wrong of [
    { colour: 'red' },
    { partitions: 'x' },
    { compaction: 1 },
    { durability: 'maybe' },
    { retention: 7 },
    { dedupe: { ms: 1 } },
  ]) {
    expect(await patch(wrong)).toMatchObject({ status: 400, body: { code: 'HEDDLE_LOG_TOPIC_INVALID' } })
  }
  expect(await patch({ retention: { ms: 'long' } })).toMatchObject({
    status: 400,
    body: { code: 'HEDDLE_UNIT_INVALID' },
  })
  expect(await call(topic, { method: 'PATCH', headers: json, body: '[' })).toMatchObject({
    status: 400,
    body: { code: 'HEDDLE_HTTP_BAD_REQUEST' },
  })
  expect(
    (await call(`${served.url}/topics`)).body.topics.map(({ name }: { name: string }) => name).toSorted(),
  ).toEqual(['invoices', 'orders', 'second'])
  await post(`${topic}/events`, structured, event(1, { partitionkey: 'k' }))
  const { partitions } = (await call(`${topic}/partitions`)).body as {
    partitions: { partition: number; latest: number }[]
  }
  expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3])
  expect(partitions.reduce((sum, { latest }) => sum + latest, 0)).toBe(1)
  expect((await call(topic, { method: 'DELETE' })).status).toBe(204)
  expect(await call(topic)).toMatchObject({ status: 404, body: { code: 'HEDDLE_LOG_UNKNOWN_TOPIC' } })
  expect((await call(topic, { method: 'DELETE' })).status).toBe(404)
})

test('health, readiness and metrics', async () => {
  let ready = false
  await using served = await serve({
    readiness: () => ({ ready, reason: 'still loading' }),
    metrics: () => 'heddle_up 1\n',
  })
  expect(await call(`${served.url}/health/live`)).toMatchObject({ status: 200, body: { live: true } })
  expect(await call(`${served.url}/health/ready`)).toMatchObject({
    status: 503,
    body: { detail: 'still loading' },
  })
  ready = true
  expect(await call(`${served.url}/health/ready`)).toMatchObject({ status: 200, body: { ready: true } })
  expect(await call(`${served.url}/metrics`)).toMatchObject({ status: 200, body: 'heddle_up 1\n' })
})
