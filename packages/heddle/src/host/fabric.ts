import {
  type DeadLetters,
  type Delivery,
  type Engine,
  HeddleError,
  type Log,
  type Schedules,
  type TopicSpec,
  type Topology,
  type TopologyStatus,
  isHeddleError,
  topic,
  systemClock,
} from '@heddle/core'
import type { StompServer } from '@heddle/gateway/stomp'
import type { HeddleConfig, TopicConfigInput } from '../config/config.ts'
import { version } from '../version.ts'
import type { Fabric, FabricOptions } from './create-fabric.ts'
import { foldersOf } from './deploy-file.ts'
import { deployRoutes } from './deploy-routes.ts'
import { GatewayLog } from './gateway-log/gateway-log.ts'
import { late } from './late.ts'
import { findTopologyFiles, loadTopologyFile } from './load-topologies.ts'
import { logEvents } from './log-events.ts'
import type { Logger } from './logger.ts'
import { isLocal, openLog } from './open-log.ts'
import { openStomp, stompProtocols } from './open-stomp.ts'
import { type Patience, patiently } from './patience.ts'
import { topologyRoutes } from './topology-routes.ts'
import { upgradeOptions } from './upgrade-options.ts'

/**
 * Starts all parts in order; if one fails, those that run are stopped again. The gateway listens first: while the log cannot
 * be reached it says so, or takes events into its buffer. See `createFabric`.
 */
export async function startFabric(
  config: HeddleConfig,
  options: FabricOptions = {},
  logger?: Logger,
): Promise<Fabric> {
  const { clock = systemClock, guard, authenticate, signal } = options
  /** What takes something in: it is stopped first. */
  const doors: (() => Promise<unknown>)[] = []
  const stops: (() => Promise<unknown>)[] = []
  let closing: Promise<void> | undefined
  let state: 'starting' | 'running' | 'stopping' = 'starting'

  const stop = async (): Promise<void> => {
    state = 'stopping'
    const failures: unknown[] = []
    // Each is tried, whatever happens to the others.
    for (const one of [...doors, ...stops.toReversed()])
      await one().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }

  try {
    if (logger) {
      const end = logEvents(logger)
      stops.push(async () => end())
    }
    const files = await Promise.all(findTopologyFiles(config.topologies).map(loadTopologyFile))
    const all = [...files.flatMap((file) => file.topologies), ...(options.topologies ?? [])]

    const timeoutMs = isLocal(config) ? undefined : config.gateway.publishTimeoutMs
    const gatewayLog = new GatewayLog({ clock, timeoutMs })
    const { buffer } = config.gateway
    if (buffer) {
      const { EventBuffer } = await import('./gateway-log/event-buffer.ts')
      const watch = (reason: string | undefined): void => gatewayLog.watch(reason)
      const opened = await EventBuffer.open({
        ...buffer,
        clock,
        timeoutMs: config.gateway.publishTimeoutMs,
        watch,
      })
      opened.expect([...config.topics.map(topicSpec), ...all.flatMap(({ plan }) => plan.topics)])
      gatewayLog.useBuffer(opened)
    }
    const running: {
      engine?: Engine
      delivery?: Delivery
      deadLetters?: DeadLetters
      schedules?: Schedules
      stomp?: StompServer
    } = {}
    const starting = (): HeddleError => new HeddleError('HEDDLE_HTTP_UNAVAILABLE', 'the host is starting')
    const lateDelivery = late(() => running.delivery, starting)
    const lateEngine = late(() => running.engine, starting)
    const { createMetrics } = await import('./metrics/metrics.ts')
    const metrics = createMetrics({ engine: lateEngine, log: gatewayLog, clock })
    stops.push(async () => metrics.close())
    const { createHttpGateway } = await import('@heddle/gateway/http')
    const gateway = createHttpGateway({
      log: gatewayLog,
      delivery: lateDelivery,
      deadLetters: late(() => running.deadLetters, starting),
      schedules: late(() => running.schedules, starting),
      clock,
      version,
      webhooks: config.webhooks,
      limits: { maxBodyBytes: config.http.maxBodyBytes, drainMs: config.drainMs },
      extraRoutes: [
        ...topologyRoutes(lateEngine),
        ...deployRoutes({
          engine: lateEngine,
          folders: options.deployFrom ?? foldersOf(config.topologies),
          drainMs: config.drainMs,
        }),
      ],
      metrics: () => metrics.text(),
      readiness: () => {
        if (state === 'stopping') return { ready: false, reason: 'it is stopping' }
        if (gatewayLog.awayReason !== undefined)
          return { ready: gatewayLog.accepts, reason: gatewayLog.awayReason }
        return state === 'running' ? { ready: true } : { ready: false, reason: 'it is starting' }
      },
      ...(config.stomp && {
        protocols: {
          '/stomp': {
            names: stompProtocols,
            serve: (stream) => (running.stomp ? running.stomp.serve(stream) : void stream.destroy()),
          },
        },
      }),
      ...(guard && { guard }),
      ...(authenticate && { authenticate }),
    })
    doors.push(
      () => gateway.close(),
      () => gatewayLog.close(),
    )
    const { url } = await listen(gateway, config)

    const patience: Patience = {
      clock,
      signal,
      tell(reason, retryMs) {
        gatewayLog.notYet(reason, retryMs)
        logger?.warn({ url, retryMs, reason }, 'the log cannot be reached; it is tried again')
      },
    }
    const log = await patiently(patience, () => openLog(config, clock))
    stops.push(() => log.close())
    for (const one of config.topics) await patiently(patience, () => log.createTopic(topicSpec(one)))
    const { createDelivery, createSchedules, openDeadLetters } = await import('@heddle/delivery')
    const push = { allow: config.push.allow, drainMs: config.drainMs }
    const delivery = createDelivery({ log, clock, instance: config.instance, push })
    running.delivery = delivery
    running.deadLetters = openDeadLetters({ log, clock })
    stops.push(() => delivery.close())
    const schedules = createSchedules({ log, clock })
    running.schedules = schedules
    stops.push(() => schedules.close())
    for (const spec of all.flatMap(({ plan }) => plan.topics))
      await patiently(patience, () => ensureTopic(log, spec))
    // All topics are there: events can be published while topologies start, which may have much state to restore.
    gatewayLog.use(log)
    const { stomp: stompConfig } = config
    const stomp =
      stompConfig &&
      (await openStomp({ ...config, stomp: stompConfig }, { log, delivery, schedules, clock, guard }))
    if (stomp) {
      running.stomp = stomp.server
      // Before the gateway, which would wait for its WebSockets.
      doors.unshift(() => stomp.server.close())
    }
    const engine = await startEngine(config, log, options)
    running.engine = engine
    stops.push(async () => {
      const names = (await engine.list()).map((one) => one.name)
      await Promise.all(names.map((name) => engine.kill(name, { waitMs: config.drainMs })))
      await engine.close()
    })
    const names = all.map(({ name }) => name)
    const topologies = await submitAll(all, (one) => {
      const upgrade = { ...upgradeOptions(one.name, options.upgrade ?? {}, names), by: 'start' }
      return patiently(patience, () => engine.submit(one, upgrade))
    })
    state = 'running'
    return { url, stomp: stomp?.address, config, log, engine, topologies, close: () => (closing ??= stop()) }
  } catch (error) {
    await stop().catch(() => {}) // the first error is the one to tell
    throw error
  }
}

async function startEngine(config: HeddleConfig, log: Log, options: FabricOptions): Promise<Engine> {
  const { openEngine } = await import('./open-engine.ts')
  return openEngine(config, log, options.connectors ?? [], options.clock ?? systemClock)
}

/** How many topologies start side by side: they wait for groups and restores, not for the processor. */
const startsAtOnce = 8

/**
 * Submits all, some side by side; the answers are in their order.
 * @throws What the first one throws that cannot be submitted, when none is on its way any more.
 */
async function submitAll(
  all: readonly Topology[],
  submit: (topology: Topology) => Promise<TopologyStatus>,
): Promise<readonly TopologyStatus[]> {
  const statuses: TopologyStatus[] = []
  const waiting = [...all.entries()]
  let failed = false
  const starts = Array.from({ length: startsAtOnce }, async () => {
    for (let next = waiting.shift(); next && !failed; next = waiting.shift())
      try {
        statuses[next[0]] = await submit(next[1])
      } catch (error) {
        failed = true
        throw error
      }
  })
  const ended = await Promise.allSettled(starts)
  for (const one of ended) if (one.status === 'rejected') throw one.reason
  return statuses
}

/** Makes a topic that a topology names, as its engine would; one that is there stays as it is. */
async function ensureTopic(log: Log, spec: TopicSpec): Promise<void> {
  if (await log.describeTopic(spec.name)) return
  await log.createTopic(spec).catch((error: unknown) => {
    // Another process was first.
    if (!isHeddleError(error, 'HEDDLE_LOG_TOPIC_EXISTS')) throw error
  })
}

/** What the log is asked for: durations and sizes as numbers. */
function topicSpec({ name, durability, ...rest }: TopicConfigInput): TopicSpec {
  return { ...topic(name, rest).spec, ...(durability && { durability }) }
}

async function listen(
  gateway: { listen(at: { host: string; port: number }): Promise<{ url: string }> },
  { http: { host, port } }: HeddleConfig,
): Promise<{ url: string }> {
  try {
    return await gateway.listen({ host, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new HeddleError('HEDDLE_ADDRESS_IN_USE', `${host}:${port}`, { cause: error, info: { host, port } })
  }
}
