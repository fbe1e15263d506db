import {
  type Engine,
  HeddleError,
  type RebalanceOptions,
  type StateQuery,
  type TopologyDescription,
} from '@heddle/core'
import type { ExtraRoute } from '@heddle/gateway/http'

/** Most entries of state that one request is answered with: some megabytes. */
const maxStatePage = 1000

const tags = ['topologies']
const named = [
  {
    name: 'name',
    in: 'path',
    required: true,
    schema: { type: 'string' },
    description: 'Name of the topology.',
  },
]
const unknown = ['HEDDLE_ENGINE_UNKNOWN_TOPOLOGY']
const json = (description: string, schema: object): object => ({
  description,
  content: { 'application/json': { schema } },
})
const body = (schema: object): object => ({ content: { 'application/json': { schema } } })
const resource = (params: Readonly<Record<string, string>>) =>
  ({ type: 'topology', name: params['name'] ?? '*' }) as const

/**
 * The routes that `heddle topologies` talks to. They are guarded as all others: to look is `describe`, to change
 * `operate`; what is in the state is data, so that it takes `read`.
 */
export function topologyRoutes(engine: Engine): readonly ExtraRoute[] {
  const describe = async (name: string): Promise<TopologyDescription> => engine.describe(name)
  const change = (verb: 'activate' | 'deactivate', summary: string): ExtraRoute => ({
    method: 'POST',
    path: `/topologies/{name}/${verb}`,
    action: 'operate',
    resource,
    operation: {
      operationId: `${verb}Topology`,
      tags,
      summary,
      parameters: named,
      responses: { 200: json('Its state afterwards.', { type: 'object' }) },
      problems: unknown,
    },
    handle: async ({ params }) => {
      await engine[verb](params['name']!)
      return { body: await describe(params['name']!) }
    },
  })
  return [
    {
      method: 'GET',
      path: '/topologies',
      action: 'describe',
      resource,
      operation: {
        operationId: 'listTopologies',
        tags,
        summary: 'The topologies that run here.',
        responses: { 200: json('Their states.', { type: 'array', items: { type: 'object' } }) },
      },
      handle: async () => ({ body: await engine.list() }),
    },
    {
      method: 'GET',
      path: '/topologies/{name}',
      action: 'describe',
      resource,
      operation: {
        operationId: 'describeTopology',
        tags,
        summary: 'State, plan and metrics of a topology.',
        parameters: named,
        responses: { 200: json('All that is known of it.', { type: 'object' }) },
        problems: unknown,
      },
      handle: async ({ params }) => ({ body: await describe(params['name']!) }),
    },
    change('activate', 'Spouts emit again.'),
    change('deactivate', 'Spouts stop emitting; what is under way goes on.'),
    {
      method: 'POST',
      path: '/topologies/{name}/rebalance',
      action: 'operate',
      resource,
      operation: {
        operationId: 'rebalanceTopology',
        tags,
        summary: 'Changes the number of tasks of components, or of threads, while the topology runs.',
        parameters: named,
        requestBody: body({
          type: 'object',
          properties: {
            threads: { type: 'integer', minimum: 1 },
            parallelism: { type: 'object', additionalProperties: { type: 'integer', minimum: 1 } },
          },
        }),
        responses: { 200: json('Its state afterwards.', { type: 'object' }) },
        problems: [...unknown, 'HEDDLE_HTTP_BAD_REQUEST'],
      },
      handle: async ({ params, body }) => {
        await engine.rebalance(params['name']!, ...changesOf(body))
        return { body: await describe(params['name']!) }
      },
    },
    {
      method: 'GET',
      path: '/topologies/{name}/state/{component}',
      action: 'read',
      resource,
      operation: {
        operationId: 'readState',
        tags,
        summary: 'State of a component as it was committed, by key; one page of it.',
        parameters: [
          ...named,
          {
            name: 'component',
            in: 'path',
            required: true,
            schema: { type: 'string' },
            description: 'Id of the component.',
          },
          {
            name: 'prefix',
            in: 'query',
            schema: { type: 'string' },
            description: 'Only keys that begin with this.',
          },
          {
            name: 'after',
            in: 'query',
            schema: { type: 'string' },
            description: '`next` of the page before.',
          },
          {
            name: 'limit',
            in: 'query',
            schema: { type: 'integer', minimum: 1, maximum: maxStatePage },
            description: 'Most entries of the page. Default 100.',
          },
        ],
        responses: {
          200: json('`entries` of `key` and `value`, and `next` where there are more.', { type: 'object' }),
        },
        problems: [...unknown, 'HEDDLE_TOPOLOGY_INVALID', 'HEDDLE_HTTP_BAD_REQUEST'],
      },
      handle: async ({ params, query }) => ({
        body: await engine.state(params['name']!, { component: params['component']!, ...pageOf(query) }),
      }),
    },
    {
      method: 'POST',
      path: '/topologies/{name}/kill',
      action: 'operate',
      resource,
      operation: {
        operationId: 'killTopology',
        tags,
        summary: 'Stops a topology until the next start of the host, after what is under way.',
        parameters: named,
        requestBody: body({
          type: 'object',
          properties: {
            waitMs: {
              type: 'integer',
              minimum: 0,
              description: 'How long to wait for what is under way. Default 30000.',
            },
            purge: {
              type: 'boolean',
              description: 'Delete its state, offsets and undelivered elements as well. Default false.',
            },
          },
        }),
        responses: { 204: { description: 'It has stopped.' } },
        problems: [...unknown, 'HEDDLE_HTTP_BAD_REQUEST', 'HEDDLE_LOG_GROUP_ACTIVE'],
      },
      handle: async ({ params, body }) => {
        await engine.kill(params['name']!, { ...waitOf(body), purge: field(body, 'purge') === true })
        return { status: 204 }
      },
    },
  ]
}

const field = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined

function changesOf(body: unknown): [parallelism: Record<string, number>, options: RebalanceOptions] {
  const parallelism = field(body, 'parallelism') ?? {}
  const threads = field(body, 'threads')
  const entries = typeof parallelism === 'object' ? Object.entries(parallelism) : []
  if (entries.some(([, tasks]) => !isCount(tasks)) || (threads !== undefined && !isCount(threads)))
    throw new HeddleError(
      'HEDDLE_HTTP_BAD_REQUEST',
      'parallelism must name components and whole numbers above 0, and threads be one',
    )
  if (entries.length === 0 && threads === undefined)
    throw new HeddleError(
      'HEDDLE_HTTP_BAD_REQUEST',
      'say what to change: parallelism of components, or threads',
    )
  return [Object.fromEntries(entries) as Record<string, number>, threads === undefined ? {} : { threads }]
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0

function pageOf(query: Readonly<Record<string, unknown>>): Omit<StateQuery, 'component'> {
  const { prefix, after, limit } = query
  if (limit !== undefined && !(isCount(Number(limit)) && Number(limit) <= maxStatePage))
    throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', `limit must be a whole number from 1 to ${maxStatePage}`)
  return {
    ...(typeof prefix === 'string' && { prefix }),
    ...(typeof after === 'string' && { after }),
    ...(limit !== undefined && { limit: Number(limit) }),
  }
}

function waitOf(body: unknown): { waitMs?: number } {
  const waitMs = field(body, 'waitMs')
  if (waitMs === undefined) return {}
  if (typeof waitMs === 'number' && Number.isFinite(waitMs) && waitMs >= 0) return { waitMs }
  throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'waitMs must be a number of milliseconds')
}
