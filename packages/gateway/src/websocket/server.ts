/**
 * WebSocket upgrades at `/topics/{topic}/events` and `/subscriptions/{subscription}/events`, and at the addresses of other protocols
 * that the host speaks over them. What may not be upgraded is answered as plain HTTP, with a problem.
 *
 * @module
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Delivery, HeddleError } from '@heddle/core'
import { type WebSocket, WebSocketServer } from 'ws'
import { refusedChannel } from '../http/channels.ts'
import { rawProblem } from '../http/client-error.ts'
import type { GatewayContext } from '../http/context.ts'
import { asHeddleError, problemOf, retryAfterOf } from '../http/problem.ts'
import { Feed, filterOf } from '../http/read/feed.ts'
import { one, startOf, whole } from '../http/read/start.ts'
import { takeStream } from '../http/read/stream.ts'
import type { Query } from '../http/routes/route.ts'
import { defaultPrefetch } from '../http/subscriptions/next-events.ts'
import { socketStream } from './socket-stream.ts'
import { serveSocket } from './socket.ts'
import { serveSubscription } from './subscription-socket.ts'

const path = /^\/(topics|subscriptions)\/([^/]+)\/events\/?$/

/** Takes WebSockets in on this server. `terminate` cuts off those that are left. */
export function acceptSockets(server: Server, context: GatewayContext): { terminate(): void } {
  const { limits } = context
  // Compression would keep a window of memory for every connection.
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.maxLineBytes,
    perMessageDeflate: false,
  })
  const spoken = new Map(
    Object.entries(context.options.protocols ?? {}).map(([path, { names, serve }]) => [
      path,
      {
        serve,
        // Its own frames have their own limit, and may be cut anywhere.
        sockets: new WebSocketServer({
          noServer: true,
          maxPayload: limits.maxBodyBytes + limits.maxHeaderBytes,
          perMessageDeflate: false,
          // The best that both know; a client that names none is taken as it is.
          handleProtocols: (offered: Set<string>) => names.find((name) => offered.has(name)) ?? false,
        }),
      },
    ]),
  )
  const release = (): void => void context.load.streams--
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Nobody else listens yet: a reset now must not bring the process down.
    socket.on('error', () => socket.destroy())
    const refuse = (error: unknown): void => {
      const kind = path.exec(pathOf(request))?.[1]
      const route = kind && `/${kind}/{${kind.slice(0, -1)}}/events`
      const retryAfter = retryAfterOf(error)
      socket.end(rawProblem(error, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }))
      if (refusedChannel.hasSubscribers)
        refusedChannel.publish({ method: 'GET', route, problem: problemOf(error), error })
    }
    const other = spoken.get(pathOf(request))
    if (other) {
      try {
        if (context.stopping.aborted)
          throw new HeddleError('HEDDLE_HTTP_UNAVAILABLE', 'the gateway is stopping')
        checkOrigin(context, request)
      } catch (error) {
        return refuse(error)
      }
      return other.sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) =>
        other.serve(socketStream(webSocket)),
      )
    }
    admit(context, request).then((serve) => {
      socket.once('close', release)
      sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
        socket.off('close', release)
        void serve(webSocket)
      })
    }, refuse)
  })
  return {
    terminate: () => {
      for (const one of [sockets, ...Array.from(spoken.values(), (other) => other.sockets)])
        for (const socket of one.clients) socket.terminate()
    },
  }
}

/** Serves a socket that was admitted. Does not throw. */
type Serve = (webSocket: WebSocket) => Promise<void>

/** What a plain request would be asked too; the stream that it takes is released by who serves it. */
async function admit(context: GatewayContext, request: IncomingMessage): Promise<Serve> {
  const { options, stopping } = context
  if (stopping.aborted) throw new HeddleError('HEDDLE_HTTP_UNAVAILABLE', 'the gateway is stopping')
  const [, kind, text] = path.exec(pathOf(request)) ?? []
  if (text === undefined)
    throw new HeddleError('HEDDLE_HTTP_NOT_FOUND', `no WebSocket is taken at ${pathOf(request)}`)
  const name = decode(text)
  checkOrigin(context, request)
  if (kind === 'topics') return admitReader(context, request, name, queryOf(request))
  if (options.delivery) return admitConsumer(context, options.delivery, request, name, queryOf(request))
  throw new HeddleError('HEDDLE_HTTP_NOT_FOUND', 'there are no subscriptions here')
}

async function admitReader(
  context: GatewayContext,
  request: IncomingMessage,
  topic: string,
  query: Query,
): Promise<Serve> {
  const { access, limits, log } = context
  const principal = await access.enter(request, 'read', { type: 'topic', name: topic })
  const credit = whole(query, 'credit', Number.MAX_SAFE_INTEGER) ?? 0
  const filter = filterOf(one(query, 'filter'))
  const feed = new Feed(log, topic, await startOf(log, topic, query, 'latest'), filter)
  await feed.check()
  takeStream(context)
  const reader = {
    topic,
    principal,
    feed,
    credit: Math.min(credit, limits.maxSocketCredit),
    traceparent: request.headers['traceparent'],
  }
  return (webSocket) => serveSocket(context, webSocket, reader)
}

async function admitConsumer(
  context: GatewayContext,
  delivery: Delivery,
  request: IncomingMessage,
  name: string,
  query: Query,
): Promise<Serve> {
  const { access, limits, load } = context
  const principal = await access.enter(request, 'read', { type: 'subscription', name })
  const prefetch = whole(query, 'prefetch', limits.maxPullEvents, 1) ?? defaultPrefetch
  takeStream(context)
  try {
    await delivery.describe(name)
  } catch (error) {
    load.streams--
    throw error
  }
  return (webSocket) => serveSubscription(context, webSocket, { name, principal, delivery, prefetch })
}

/** Not by `new URL`, which throws for `//`. */
const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0]!

function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch (error) {
    throw asHeddleError(
      Object.assign(new Error('the address is not well percent-encoded', { cause: error }), {
        statusCode: 400,
      }),
    )
  }
}

function queryOf({ url = '/' }: IncomingMessage): Query {
  const searchParams = new URLSearchParams(url.split('?').slice(1).join('?'))
  const query: Record<string, string | string[]> = {}
  for (const key of new Set(searchParams.keys())) {
    const values = searchParams.getAll(key)
    query[key] = values.length === 1 ? values[0]! : values
  }
  return query
}

// A browser sends its cookies along to any host and asks nobody (RFC 6455 § 10.2): pages of other origins are let in only
// when `cors` names them.
function checkOrigin({ options }: GatewayContext, request: IncomingMessage): void {
  const { host, origin } = request.headers
  if (origin === undefined || options.cors === '*' || options.cors?.includes(origin)) return
  if (URL.canParse(origin) && new URL(origin).host === host) return
  throw new HeddleError('HEDDLE_FORBIDDEN', `pages of ${origin} may not open a WebSocket here (cors)`)
}
