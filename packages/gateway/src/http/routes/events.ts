/**
 * `/topics/{topic}/events`: the way in and the way out.
 *
 * @module
 */
import type { GatewayContext } from '../context.ts'
import { publishOperation, readOperation } from '../openapi/events.ts'
import { publish } from '../publish/publish.ts'
import { read } from '../read/read.ts'
import { type Route, topicResource } from './route.ts'

/** The routes that take events in and give them out. */
export const eventRoutes = (context: GatewayContext): Route[] => [
  {
    method: 'POST',
    path: '/topics/{topic}/events',
    action: 'publish',
    resource: topicResource,
    operation: publishOperation,
    handle: (request, reply) => publish(context, request, reply),
  },
  {
    method: 'GET',
    path: '/topics/{topic}/events',
    action: 'read',
    resource: topicResource,
    operation: readOperation(context.limits),
    handle: (request, reply) => read(context, request, reply),
  },
]
