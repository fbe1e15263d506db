/**
 * The gateway itself: health, metrics, its documents.
 *
 * @module
 */
import { HeddleError, errorTable } from '@heddle/core'
import type { GatewayContext } from '../context.ts'
import { jsonContent } from '../openapi/parts.ts'
import { type Route, sendJson } from './route.ts'

const system = (name: string) => () => ({ type: 'system', name }) as const
const anyJson = (description: string): object => ({ description, ...jsonContent({ type: 'object' }) })

/**
 * The routes beside topics.
 * @param document The OpenAPI document, made when it is first asked for.
 */
export function systemRoutes({ options, stopping }: GatewayContext, document: () => object): Route[] {
  const { metrics, readiness } = options
  const routes: Route[] = [
    {
      method: 'GET',
      path: '/',
      action: 'describe',
      resource: system('index'),
      operation: {
        operationId: 'index',
        tags: ['system'],
        summary: 'The addresses there are',
        responses: { 200: anyJson('Addresses, with what they are for') },
      },
      handle: (_, reply) => {
        const { info, paths } = document() as {
          info: object
          paths: Record<string, Record<string, { summary: string }>>
        }
        const addresses = Object.entries(paths).flatMap(([path, methods]) =>
          Object.entries(methods).map(([method, { summary }]) => ({
            method: method.toUpperCase(),
            path,
            summary,
          })),
        )
        sendJson(reply, 200, { ...info, openapi: '/openapi.json', addresses })
      },
    },
    {
      method: 'GET',
      path: '/openapi.json',
      action: 'describe',
      resource: system('openapi'),
      operation: {
        operationId: 'openapi',
        tags: ['system'],
        summary: 'This API as OpenAPI 3.1',
        responses: { 200: anyJson('The document') },
      },
      handle: (_, reply) => sendJson(reply, 200, document()),
    },
    {
      method: 'GET',
      path: '/problems/{code}',
      action: 'describe',
      resource: system('problems'),
      operation: {
        operationId: 'explainProblem',
        tags: ['system'],
        summary: 'What an error code means, and what to do about it',
        parameters: [{ name: 'code', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { 200: anyJson('kind, status, message and todo') },
        problems: ['HEDDLE_HTTP_NOT_FOUND'],
      },
      handle: (request, reply) => {
        const code = request.params['code']!
        if (!Object.hasOwn(errorTable, code))
          throw new HeddleError('HEDDLE_HTTP_NOT_FOUND', `no error has the code '${code}'`)
        sendJson(reply, 200, { code, ...errorTable[code as keyof typeof errorTable] })
      },
    },
    {
      method: 'GET',
      path: '/health/live',
      action: 'describe',
      resource: undefined,
      operation: {
        operationId: 'live',
        tags: ['system'],
        summary: 'The process answers',
        responses: { 200: anyJson('It does') },
      },
      handle: (_, reply) => sendJson(reply, 200, { live: true }),
    },
    {
      method: 'GET',
      path: '/health/ready',
      action: 'describe',
      resource: undefined,
      operation: {
        operationId: 'ready',
        tags: ['system'],
        summary: 'Traffic may be sent here',
        description: '503 while it starts, while it stops, and when the host says so.',
        responses: { 200: anyJson('It may') },
      },
      handle: async (_, reply) => {
        if (stopping.aborted) throw new HeddleError('HEDDLE_HTTP_UNAVAILABLE', 'the gateway is stopping')
        const state = (await readiness?.()) ?? { ready: true }
        if (!state.ready) throw new HeddleError('HEDDLE_HTTP_UNAVAILABLE', state.reason ?? 'not ready')
        sendJson(reply, 200, state)
      },
    },
  ]
  if (metrics) {
    routes.push({
      method: 'GET',
      path: '/metrics',
      action: 'describe',
      resource: system('metrics'),
      operation: {
        operationId: 'metrics',
        tags: ['system'],
        summary: 'Metrics for Prometheus',
        responses: {
          200: {
            description: 'Text exposition format',
            content: { 'text/plain': { schema: { type: 'string' } } },
          },
        },
      },
      handle: async (_, reply) => {
        void reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(await metrics())
      },
    })
  }
  return routes
}
