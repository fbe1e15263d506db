/**
 * `/topics/{topic}/events`: the way in and the way out.
 *
 * @module
 */
import type { GatewayContext } from '../context.ts'
import { publishOperation, readOperation, requestOperation } from '../openapi/events.ts'
import { publish } from '../publish/publish.ts'
import { read } from '../read/read.ts'
import { Replies } from '../request/replies.ts'
import { request } from '../request/request.ts'
import { type Route, topicResource } from './route.ts'

/** The routes that take events in, give them out, and answer with replies. */
export function eventRoutes(context: GatewayContext): Route[] {
  const replies = new Replies(context)
  return [
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
    {
      method: 'POST',
      path: '/topics/{topic}/request',
      action: 'publish',
      resource: topicResource,
      operation: requestOperation(context.limits),
      handle: (asked, reply) => request(context, replies, asked, reply),
    },
  ]
}
