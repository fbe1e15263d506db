/**
 * The STOMP door: what ActiveMQ's STOMP clients are pointed at.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { type AddressInfo, type Server, createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { type TlsOptions, createServer as createTlsServer } from 'node:tls'
import { HeddleError, anonymous, errorMessage, isHeddleError, systemClock } from '@heddle/core'
import { Access } from '../http/access.ts'
import type { ServerContext } from './context.ts'
import { defaultStompLimits } from './limits.ts'
import type { StompOptions } from './options.ts'
import { Publisher } from './session/publisher.ts'
import { Session } from './session/session.ts'
import { Topics } from './session/topics.ts'

export interface StompListenOptions {
  /** Default `127.0.0.1`: to open it to others is a decision. */
  readonly host?: string
  /** 0 takes any free one. */
  readonly port: number
  /** Certificate and key, as Node takes them; without it the port is plain TCP. */
  readonly tls?: TlsOptions
}

export interface StompServer {
  /**
   * Begins to take connections; several ports may be listened on.
   * @throws HEDDLE_ADDRESS_IN_USE
   */
  listen(options: StompListenOptions): Promise<{ readonly host: string; readonly port: number }>
  /** Serves a connection that somebody else took, such as a WebSocket. */
  serve(stream: Duplex): void
  /** Takes nothing new, gives the receipts of what is under way, and closes all connections. Calling it again waits for the same. */
  close(): Promise<void>
}

/** How long a silent peer of TCP is believed to be there, in milliseconds: half-open connections end some time after. */
const keepAliveMs = 60_000

/**
 * Makes a STOMP server for a log. It does not listen yet.
 *
 * @example
 * const stomp = createStompServer({ log, delivery, instance: 'a' })
 * const { port } = await stomp.listen({ port: 61613 })
 */
export function createStompServer(options: StompOptions): StompServer {
  const limits = { ...defaultStompLimits, ...options.limits }
  const clock = options.clock ?? systemClock
  const topics = new Topics(
    options.log,
    options.partitions ?? 1,
    limits.maxFrameBodyBytes + limits.maxHeadBytes * 2,
  )
  const context: ServerContext = {
    options,
    limits,
    clock,
    topics,
    access: new Access(options.guard, undefined),
    publisher: new Publisher(options.log, topics, options.instance, options.schedules),
    async login(login, passcode) {
      try {
        return (await options.authenticate?.({ login, passcode })) ?? anonymous
      } catch (error) {
        if (isHeddleError(error)) throw error
        throw new HeddleError('HEDDLE_UNAUTHENTICATED', errorMessage(error), { cause: error })
      }
    },
  }
  const servers: Server[] = []
  const sessions = new Set<Session>()
  // Of this start of this process: names of temporary destinations are never given twice.
  const prefix = `${options.instance}-${randomBytes(4).toString('hex')}`
  let count = 0
  let closing: Promise<void> | undefined

  const serve = (stream: Duplex): void => {
    if (closing || sessions.size >= limits.maxConnections) return void stream.destroy()
    sessions.add(new Session(context, stream, `${prefix}-${++count}`, (session) => sessions.delete(session)))
  }

  const stop = async (): Promise<void> => {
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
    const late = clock.after(limits.drainMs, () => {
      for (const session of sessions) session.destroy()
    })
    await Promise.all(Array.from(sessions, (session) => session.stop()))
    await Promise.all(Array.from(sessions, (session) => session.ended))
    await Promise.all(closed)
    late.clear()
    await context.publisher.close()
  }

  return {
    async listen({ host = '127.0.0.1', port, tls }) {
      const server = tls
        ? createTlsServer({ ...tls, handshakeTimeout: limits.connectTimeoutMs }, serve)
        : createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs }, serve)
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) =>
          reject(
            error.code === 'EADDRINUSE'
              ? new HeddleError('HEDDLE_ADDRESS_IN_USE', `${host}:${port}`, { cause: error })
              : error,
          ),
        )
        server.listen(port, host, resolve)
      })
      servers.push(server)
      return { host, port: (server.address() as AddressInfo).port }
    },
    serve,
    close: () => (closing ??= stop()),
  }
}
