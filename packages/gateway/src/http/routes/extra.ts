import type { FastifyReply } from 'fastify'
import { type ExtraRoute, type GatewayRequest, type Route, sendJson } from './route.ts'
import { bodyObject } from './topics.ts'

/** A route of the host as one of the gateway's own. */
export const extraRoute = (extra: ExtraRoute): Route => ({
  method: extra.method,
  path: extra.path,
  action: extra.action,
  resource: extra.resource,
  operation: extra.operation,
  handle: (request, reply) => answer(extra, request, reply),
})

async function answer(extra: ExtraRoute, request: GatewayRequest, reply: FastifyReply): Promise<void> {
  const { body, contentType, status } = await extra.handle({
    params: request.params,
    query: request.query,
    body: request.body === undefined ? undefined : bodyObject(request.body),
    principal: request.principal,
  })
  if (body === undefined) void reply.code(status ?? 204).send()
  else if (contentType === undefined) sendJson(reply, status ?? 200, body)
  else
    void reply
      .code(status ?? 200)
      .header('content-type', contentType)
      .send(body)
}
