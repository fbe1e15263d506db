import type { Guard } from '@heddle/core'
import type { ExtraRoute, HttpGatewayOptions } from '@heddle/gateway/http'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { call, event, ndjson, post, publishAll, serve, structured } from './serve.ts'

const extra: ExtraRoute = {
  method: 'GET',
  path: '/topologies/{name}',
  action: 'describe',
  resource: ({ name }) => ({ type: 'topology', name: name! }),
  operation: {
    operationId: 'extra',
    tags: ['x'],
    summary: 'An extra route',
    responses: { 200: { description: 'It' } },
  },
  handle: ({ params, principal }) => ({ body: { name: params['name'], by: principal.name } }),
}
const everything = {
  extraRoutes: [extra],
  metrics: () => 'up 1\n',
  webhooks: { gh: { topic: 'orders', signature: 'none' } },
} as const satisfies Partial<HttpGatewayOptions>

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly security?: readonly unknown[] }>>>
  >
}

/** Every route there is, from the document, with names put in. */
async function allRoutes(): Promise<{ method: string; path: string; open: boolean }[]> {
  await using served = await serve(everything)
  const { paths } = (await call(`${served.url}/openapi.json`)).body as Document
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path: path.replace('{topic}', 'orders').replace('{name}', 'gh').replace('{code}', 'HEDDLE_LOG_CLOSED'),
      open: security?.length === 0,
    })),
  )
}

const deny: Guard = {
  authorize: () => ({ allow: false, reason: 'not today' }),
  quota: () => ({ allow: true }),
}
const spent: Guard = {
  authorize: () => ({ allow: true }),
  quota: async () => ({ allow: false, reason: 'all used up', retryAfterMs: 2_500 }),
}

test.each([
  ['a guard that denies', { guard: deny }, 403, 'HEDDLE_FORBIDDEN', null],
  ['a quota that is spent', { guard: spent }, 429, 'HEDDLE_QUOTA_EXCEEDED', '3'],
  [
    'nobody known',
    { authenticate: () => Promise.reject(new Error('no token')) },
    401,
    'HEDDLE_UNAUTHENTICATED',
    null,
  ],
] as const)('%s is asked on every route but health', async (_, options, status, code, retryAfter) => {
  const routes = await allRoutes()
  expect(routes.length).toBeGreaterThan(15)
  await using served = await serve({ ...everything, ...options })
  const topics = await served.log.listTopics()
  for (const { method, open, path } of routes) {
    const body = method === 'GET' ? {} : { body: JSON.stringify(event(1)), headers: structured }
    const answer = await call(`${served.url}${path}`, { method, ...body })
    const seen = {
      route: `${method} ${path}`,
      status: answer.status,
      code: answer.body.code,
      retryAfter: answer.headers.get('retry-after'),
    }
    expect(seen).toEqual({
      route: `${method} ${path}`,
      ...(open ? { status: 200, code: undefined, retryAfter: null } : { status, code, retryAfter }),
    })
  }
  expect(routes.filter(({ open }) => open).map(({ path }) => path)).toEqual(['/health/live', '/health/ready'])
  // Nothing was done before it was asked.
  expect(await served.log.listTopics()).toEqual(topics)
  expect((await served.log.partitions('orders')).map(({ latest }) => latest)).toEqual([0, 0])
  // And so on the upgrade, and for streams of both kinds.
  expect(await upgradeStatus(served.events)).toBe(status)
  expect((await call(served.events, { headers: { accept: 'text/event-stream' } })).status).toBe(status)
  expect((await post(served.events, ndjson, JSON.stringify(event(1)))).status).toBe(status)
})

function upgradeStatus(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'))
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode)
      request.destroy()
    })
    // What destroying it says.
    socket.on('error', () => undefined)
    socket.on('open', () => resolve(101))
  })
}

test('the guard is told who, what and which; the quota is charged with what was sent and what was read', async () => {
  const asked: string[] = []
  const charged: string[] = []
  const guard: Guard = {
    authorize: ({ name }, action, resource) => {
      asked.push(`${name} ${action} ${resource.type} ${resource.name}`)
      return { allow: true }
    },
    quota: ({ name }, { events }, resource) => {
      if (events > 0) charged.push(`${name} ${events} ${resource.name}`)
      return { allow: true }
    },
  }
  const authenticate: NonNullable<HttpGatewayOptions['authenticate']> = ({ headers }) => ({
    name: String(headers['x-user']),
  })
  await using served = await serve({ ...everything, guard, authenticate }, 1)
  const as = (user: string) => ({ headers: { 'x-user': user } })
  await post(served.events, { ...structured, 'x-user': 'ada' }, event(1))
  await call(served.events, as('bob'))
  await call(`${served.url}/topics/new`, { method: 'PUT', ...as('eve') })
  await post(`${served.url}/webhooks/gh`, { 'content-type': 'application/json', 'x-user': 'hub' }, {})
  expect((await call(`${served.url}/topologies/t`, as('zoe'))).body).toEqual({ name: 't', by: 'zoe' })
  expect(asked).toEqual([
    'ada publish topic orders',
    'bob read topic orders',
    'eve create topic new',
    'hub publish webhook gh',
    'zoe describe topology t',
  ])
  expect(charged).toEqual(['ada 1 orders', 'bob 1 orders', 'hub 1 gh'])
})

test('a stream that has begun is slowed down by its quota, not cut off', async () => {
  let left = 2
  const guard: Guard = {
    authorize: () => ({ allow: true }),
    quota: (_, { events }) => {
      if (events > 0 && left-- > 0) return { allow: false, reason: 'wait', retryAfterMs: 1 }
      return { allow: true }
    },
  }
  await using served = await serve({}, 1)
  await publishAll(served.events, [event(1), event(2)])
  await using guarded = await serve({ guard, log: served.log })
  const { body } = await call(`${guarded.events}?format=ndjson`)
  expect(body.trim().split('\n')).toHaveLength(2)
  expect(left).toBe(-1)
})
