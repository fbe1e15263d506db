import { type Engine, HeddleError } from '@heddle/core'
import type { ExtraRoute } from '@heddle/gateway/http'
import { deployFile } from './deploy-file.ts'

const tags = ['topologies']

export interface DeployRoutesOptions {
  readonly engine: Engine
  /** Folders whose files may be deployed. */
  readonly folders: readonly string[]
  /** How long the old version may take to finish, in milliseconds. */
  readonly drainMs: number
}

/** The routes that `heddle deploy` and `heddle topologies history` talk to. */
export function deployRoutes({ engine, folders, drainMs }: DeployRoutesOptions): readonly ExtraRoute[] {
  return [
    {
      method: 'POST',
      path: '/topologies',
      action: 'operate',
      resource: () => ({ type: 'topology', name: '*' }),
      operation: {
        operationId: 'deployTopologies',
        tags,
        summary:
          'Puts the topologies of a file of the host in the place of those that run under their names.',
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['file'],
                properties: {
                  file: {
                    type: 'string',
                    description: 'Path on the host, in a folder that the host was started with.',
                  },
                  dryRun: { type: 'boolean', description: 'Only tell what would change.' },
                  dropState: {
                    type: 'array',
                    items: { type: 'string' },
                    description:
                      'Components whose state may be dropped; `topology/component` where the file has several.',
                  },
                  rename: {
                    type: 'array',
                    items: { type: 'string' },
                    description: '`old=new` for components that are called otherwise now.',
                  },
                },
              },
            },
          },
        },
        responses: {
          200: {
            description: 'For each topology of the file: its name, what is different, and its state.',
            content: { 'application/json': { schema: { type: 'array', items: { type: 'object' } } } },
          },
        },
        problems: [
          'HEDDLE_HTTP_BAD_REQUEST',
          'HEDDLE_CONFIG_INVALID',
          'HEDDLE_DEPLOY_FORBIDDEN',
          'HEDDLE_MODULE_INVALID',
          'HEDDLE_TOPOLOGY_INVALID',
          'HEDDLE_ENGINE_UNSUPPORTED',
          'HEDDLE_UPGRADE_INCOMPATIBLE',
          'HEDDLE_UPGRADE_FAILED',
        ],
      },
      handle: async ({ body, principal }) => {
        const { file, ...options } = requestOf(body)
        return {
          body: await deployFile(engine, file, folders, { ...options, waitMs: drainMs, by: principal.name }),
        }
      },
    },
    {
      method: 'GET',
      path: '/topologies/{name}/history',
      action: 'describe',
      resource: (params) => ({ type: 'topology', name: params['name'] ?? '*' }),
      operation: {
        operationId: 'topologyHistory',
        tags,
        summary: 'The last versions of a topology that ran on this log, the newest first.',
        parameters: [
          {
            name: 'name',
            in: 'path',
            required: true,
            schema: { type: 'string' },
            description: 'Name of the topology.',
          },
        ],
        responses: {
          200: {
            description: 'When each began, by whom, and what was different.',
            content: { 'application/json': { schema: { type: 'array', items: { type: 'object' } } } },
          },
        },
      },
      handle: async ({ params }) => ({ body: await engine.history(params['name']!) }),
    },
  ]
}

interface DeployRequest {
  readonly file: string
  readonly dryRun: boolean
  readonly dropState: readonly string[]
  readonly rename: readonly string[]
}

function requestOf(body: unknown): DeployRequest {
  const { file, dryRun = false, dropState = [], rename = [] } = (body ?? {}) as Record<string, unknown>
  if (typeof file !== 'string' || file === '')
    throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'file must be a path on the host')
  if (typeof dryRun !== 'boolean')
    throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'dryRun must be true or false')
  if (!isTexts(dropState) || !isTexts(rename))
    throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'dropState and rename must be lists of texts')
  return { file, dryRun, dropState, rename }
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
