/**
 * The front door: CloudEvents in and out over HTTP, on fastify.
 *
 * @module
 */
import type { Server } from 'node:http'
import { HeddleError, anonymous, isHeddleError, systemClock } from '@heddle/core'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { ndjsonTypes } from '../cloudevents/media.ts'
import { acceptSockets } from '../websocket/server.ts'
import { Access } from './access.ts'
import { BodyReader } from './body.ts'
import { refusedChannel } from './channels.ts'
import { answerClientError } from './client-error.ts'
import type { GatewayContext } from './context.ts'
import { cors } from './cors.ts'
import { deadLetterRoutes } from './dead-letters.ts'
import { didYouMean } from './did-you-mean.ts'
import { drain, unusedConnections } from './drain.ts'
import { notFound } from './not-found.ts'
import { openApiDocument } from './openapi/document.ts'
import { type HttpGatewayOptions, defaultLimits } from './options.ts'
import { asHeddleError, problemOf, problemType, retryAfterOf } from './problem.ts'
import { eventRoutes } from './routes/events.ts'
import { extraRoute } from './routes/extra.ts'
import type { GatewayRequest, Params, Route } from './routes/route.ts'
import { systemRoutes } from './routes/system.ts'
import { topicRoutes } from './routes/topics.ts'
import { scheduleRoutes } from './schedules/routes.ts'
import { schedulingLog } from './schedules/scheduling-log.ts'
import { subscriptionRoutes } from './subscriptions/routes.ts'
import { webhookRoutes } from './webhooks/routes.ts'

export interface ListenOptions {
  /** Default `127.0.0.1`: to open it to others is a decision. */
  readonly host?: string
  /** 0 takes any free one. */
  readonly port: number
}

export interface HttpGateway {
  /** The fastify instance, for plugins of the host. */
  readonly app: FastifyInstance
  /**
   * Begins to serve.
   * @throws HEDDLE_ADDRESS_IN_USE
   */
  listen(options: ListenOptions): Promise<{ readonly url: string }>
  /**
   * Stops: takes no new connections, answers what is under way (for at most `drainMs`), and ends streams with a reason,
   * so that their readers connect again elsewhere. Calling it again waits for the same.
   */
  close(): Promise<void>
}

/**
 * Makes a gateway for a log. It does not listen yet.
 * @throws HEDDLE_CONFIG_INVALID
 * @example
 * const gateway = createHttpGateway({ log })
 * const { url } = await gateway.listen({ port: 7300 })
 */
export function createHttpGateway(options: HttpGatewayOptions): HttpGateway {
  const stop = new AbortController()
  const context: GatewayContext = {
    log: options.schedules ? schedulingLog(options.log, options.schedules) : options.log,
    access: new Access(options.guard, options.authenticate),
    clock: options.clock ?? systemClock,
    limits: { ...defaultLimits, ...options.limits },
    options,
    stopping: stop.signal,
    load: { bytes: 0, streams: 0 },
  }
  const { limits } = context
  const app = Fastify({
    http: {
      headersTimeout: limits.headersTimeoutMs,
      // How often Node looks for late ones: its own 30 s would make the limit mean three times as much.
      connectionsCheckingInterval: Math.ceil(limits.headersTimeoutMs / 4),
      maxHeaderSize: limits.maxHeaderBytes,
    },
    keepAliveTimeout: limits.keepAliveMs,
    // Bodies have their own time (bodyTimeoutMs); a stream of NDJSON may take hours.
    requestTimeout: 0,
    // After `drain` nothing is left that is worth waiting for.
    forceCloseConnections: true,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 300 },
    clientErrorHandler: answerClientError,
  })
  app.server.maxConnections = limits.maxConnections
  parsers(app, context)

  const routes: Route[] = [
    ...eventRoutes(context),
    ...topicRoutes(context),
    ...webhookRoutes(context),
    ...(options.delivery ? subscriptionRoutes(context, options.delivery) : []),
    ...(options.deadLetters ? deadLetterRoutes(context, options.deadLetters) : []),
    ...(options.schedules ? scheduleRoutes(context, options.schedules) : []),
    ...(options.extraRoutes ?? []).map(extraRoute),
  ]
  let document: object | undefined
  routes.push(
    ...systemRoutes(context, () => (document ??= openApiDocument(routes, options.version ?? '0.1.0'))),
  )

  if (options.cors !== undefined) cors(app, options.cors)
  app.decorateRequest('principal')
  app.addHook('onRequest', (request, reply, done) => {
    ;(request as GatewayRequest).principal = anonymous
    if (!stop.signal.aborted || request.url.startsWith('/health/')) return done()
    void reply.header('connection', 'close')
    done(new HeddleError('HEDDLE_HTTP_UNAVAILABLE', 'the gateway is stopping'))
  })
  for (const route of routes) addRoute(app, context, route)
  const explain = notFound(routes)
  app.setNotFoundHandler((request, reply) => {
    const { allow, error } = explain(request.method, request.url)
    if (allow !== undefined) void reply.header('allow', allow)
    void reply.send(error)
  })
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply))
  const sockets = acceptSockets(app.server, context)
  const unused = unusedConnections(app.server)

  let closing: Promise<void> | undefined
  return {
    app,
    async listen({ host = '127.0.0.1', port }) {
      try {
        await app.listen({ host, port })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
        throw new HeddleError('HEDDLE_ADDRESS_IN_USE', `${host}:${port}`, { cause: error })
      }
      return { url: addressOf(app.server, host) }
    },
    close() {
      closing ??= (async () => {
        stop.abort()
        await drain(app.server, unused, sockets, context)
        await app.close()
      })()
      return closing
    },
  }
}

function addressOf(server: Server, host: string): string {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const shown = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`
}

function parsers(app: FastifyInstance, { clock, limits, load }: GatewayContext): void {
  const bodies = new BodyReader(limits, load, clock)
  app.addHook('onClose', async () => bodies.close())
  app.removeAllContentTypeParsers()
  // Read by the route, line by line.
  app.addContentTypeParser([...ndjsonTypes], (_request, _payload, done) => done(null))
  app.addContentTypeParser('*', (request, _payload, done) => bodies.read(request.raw, done))
}

function addRoute(
  app: FastifyInstance,
  { access }: GatewayContext,
  { action, handle, method, path, resource }: Route,
): void {
  const url = path.replace(/\{(\w+)\}/g, ':$1')
  // Before the body is read: who may not publish shall not make us hold 16 MiB.
  const enter =
    access.open || !resource
      ? undefined
      : async (request: FastifyRequest): Promise<void> => {
          ;(request as GatewayRequest).principal = await access.enter(
            request.raw,
            action,
            resource(request.params as Params),
          )
        }
  app.route({
    method,
    url,
    ...(enter ? { onRequest: enter } : undefined),
    handler(request, reply) {
      const done = handle(request as GatewayRequest, reply)
      // A handler answers by itself; fastify would take a resolved promise for an answer.
      if (done) done.catch((error: unknown) => (reply.sent ? undefined : reply.send(error)))
    },
  })
}

async function answerError(
  context: GatewayContext,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const error = await suggest(context, asHeddleError(thrown), request.params as Params)
  const problem = problemOf(error)
  const retryAfter = retryAfterOf(error)
  if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter))
  if (refusedChannel.hasSubscribers) {
    refusedChannel.publish({
      method: request.method,
      route: request.routeOptions.url,
      problem,
      error: thrown,
    })
  }
  await reply.code(problem.status).header('content-type', problemType).send(JSON.stringify(problem))
}

/** An unknown topic, with the one that was perhaps meant. */
async function suggest(
  { log }: GatewayContext,
  error: HeddleError,
  params: Params | undefined,
): Promise<HeddleError> {
  const topic = params?.['topic']
  if (
    !isHeddleError(error, 'HEDDLE_LOG_UNKNOWN_TOPIC') ||
    topic === undefined ||
    error.detail.includes('did you mean')
  )
    return error
  const near = didYouMean(
    topic,
    (await log.listTopics().catch(() => [])).map(({ name }) => name),
  )
  return new HeddleError(
    'HEDDLE_LOG_UNKNOWN_TOPIC',
    near === undefined ? `'${topic}'` : `'${topic}' (did you mean '${near}'?)`,
    { cause: error },
  )
}
