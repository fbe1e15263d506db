/**
 * What a gateway is made with.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock, DeadLetters, Delivery, Guard, Log, Principal, Schedules } from '@heddle/core'
import type { ExtraRoute } from './routes/route.ts'
import type { WebhookOptions } from './webhooks/webhook.ts'

/** Limits of one gateway. Sizes in bytes, times in milliseconds. */
export interface HttpLimits {
  /** Largest body of a publish that is held in memory as a whole (single, batch, webhook). 16 MiB: 16,000 events of 1 KB. */
  readonly maxBodyBytes: number
  /** Most events in one batch. 10,000: what a disk takes in well under a second. */
  readonly maxBatchEvents: number
  /** Longest line of an NDJSON body. 1 MiB, as the default of a topic's `maxRecordBytes`, and some for attributes. */
  readonly maxLineBytes: number
  /** All publish bodies under way together; more is answered with 503. 256 MiB: what a small machine can spare. */
  readonly maxPendingBytes: number
  /** Open connections; more are refused. 10,000: below the usual limit of open files. */
  readonly maxConnections: number
  /** Readers that follow (SSE, NDJSON, WebSocket); more are answered with 503. 1,000, each at most `streamChunkBytes` in memory. */
  readonly maxStreams: number
  /** How much is read from the log at a time for one reader. 64 KiB: large enough to be quick, small enough for a thousand. */
  readonly streamChunkBytes: number
  /** Largest answer of a JSON read, about. 1 MiB. */
  readonly maxReadBytes: number
  /** Most events that `limit` may ask for. 10,000. */
  readonly maxReadEvents: number
  /** Most events that `max` of a pull may ask for. 1,000: what is given out to one consumer is kept from the others. */
  readonly maxPullEvents: number
  /** Longest `wait` of a long poll. 60 s: below the idle limit of usual proxies. */
  readonly maxWaitMs: number
  /** How long a JSON read looks for an event that its filter wants, when it does not `wait` longer. 1 s. */
  readonly maxScanMs: number
  /** Silence on a stream before a heartbeat is written. 15 s: half of the shortest usual proxy limit. */
  readonly heartbeatMs: number
  /** What SSE tells a browser to wait before it connects again. 1 s. */
  readonly sseRetryMs: number
  /** How long a reader may take nothing before it is closed. 30 s: two heartbeats. */
  readonly stallMs: number
  /** Publishes under way on one WebSocket before its socket is paused. 256. */
  readonly maxSocketPublishes: number
  /** Most credit that one WebSocket can hold. 1,000,000: more is the same as without limit. */
  readonly maxSocketCredit: number
  /** All headers of a request. 32 KiB: room for the attributes of an event. */
  readonly maxHeaderBytes: number
  /** Time to send all headers (against slowloris). 10 s. */
  readonly headersTimeoutMs: number
  /** Time to send a body that is held in memory. 60 s: 16 MiB over a slow line. */
  readonly bodyTimeoutMs: number
  /** Idle time before a kept-alive connection is closed. 72 s: above that of usual load balancers, which must close first. */
  readonly keepAliveMs: number
  /** How long `close` waits for what is under way. 10 s: below the 30 s that orchestrators give. */
  readonly drainMs: number
}

export const defaultLimits: HttpLimits = {
  maxBodyBytes: 16 * 1024 ** 2,
  maxBatchEvents: 10_000,
  maxLineBytes: 1024 ** 2 + 64 * 1024,
  maxPendingBytes: 256 * 1024 ** 2,
  maxConnections: 10_000,
  maxStreams: 1_000,
  streamChunkBytes: 64 * 1024,
  maxReadBytes: 1024 ** 2,
  maxReadEvents: 10_000,
  maxPullEvents: 1_000,
  maxWaitMs: 60_000,
  maxScanMs: 1_000,
  heartbeatMs: 15_000,
  sseRetryMs: 1_000,
  stallMs: 30_000,
  maxSocketPublishes: 256,
  maxSocketCredit: 1_000_000,
  maxHeaderBytes: 32 * 1024,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 60_000,
  keepAliveMs: 72_000,
  drainMs: 10_000,
}

/** Whether the host can serve: `ready: false` answers /health/ready with 503 and the reason. One that is ready may say something, too. */
export interface Readiness {
  readonly ready: boolean
  readonly reason?: string
}

/** What a gateway asks of a log. Whatever has these may stand before one, such as a buffer. */
export type GatewayLogPort = Pick<
  Log,
  | 'append'
  | 'read'
  | 'createTopic'
  | 'describeTopic'
  | 'alterTopic'
  | 'deleteTopic'
  | 'listTopics'
  | 'partitions'
  | 'offsetAt'
>

/** A protocol over WebSockets that the gateway does not speak itself. */
export interface SocketProtocol {
  /** Names of its versions in `Sec-WebSocket-Protocol`, the best first. */
  readonly names: readonly string[]
  /** Serves a connection, a stream of bytes. Pages of other origins were refused by then, as `cors` says. */
  readonly serve: (stream: Duplex) => void
}

export interface HttpGatewayOptions {
  /** Where events are kept. The gateway does not close it. */
  readonly log: GatewayLogPort
  /** Asked on every route. Default: all is allowed. */
  readonly guard?: Guard
  /**
   * Who is asking; called once a request, before the guard. A throw is answered with 401.
   * Default: everybody is `anonymous`.
   */
  readonly authenticate?: (request: IncomingMessage) => Principal | Promise<Principal>
  readonly clock?: Clock
  readonly limits?: Partial<HttpLimits>
  /** Webhooks that are taken in, by the name in their address `/webhooks/{name}`. */
  readonly webhooks?: Readonly<Record<string, WebhookOptions>>
  /** Subscriptions. Without it there are no routes for them. */
  readonly delivery?: Delivery
  /** Dead letters. Without it there are no routes for them. */
  readonly deadLetters?: DeadLetters
  /** Events that are sent later. Without it there are no routes for them, and `deliverat` and its like are attributes as any other. */
  readonly schedules?: Schedules
  /** Other protocols over WebSockets, by the path that they are upgraded at, such as `/stomp`. */
  readonly protocols?: Readonly<Record<string, SocketProtocol>>
  /** Routes of the host, such as the state of topologies: guarded, and in the OpenAPI document, as the others. */
  readonly extraRoutes?: readonly ExtraRoute[]
  /** Prometheus text for /metrics. Without it there is no /metrics. */
  readonly metrics?: () => string | Promise<string>
  /** Asked by /health/ready. Default: ready until `close`. */
  readonly readiness?: () => Readiness | Promise<Readiness>
  /** Origins whose pages may call this gateway (CORS), or `*`. Default: none but its own. */
  readonly cors?: '*' | readonly string[]
  /** Version that `/` and the OpenAPI document give. */
  readonly version?: string
}
