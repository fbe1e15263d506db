import { join } from 'node:path'
import {
  type Clock,
  HeddleError,
  type Log,
  type TopicSpec,
  type TopologyStatus,
  topic,
  systemClock,
} from '@heddle/core'
import type { HeddleConfig, TopicConfigInput } from '../config/config.ts'
import { version } from '../version.ts'
import type { Fabric, FabricOptions } from './create-fabric.ts'
import { foldersOf } from './deploy-file.ts'
import { deployRoutes } from './deploy-routes.ts'
import { findTopologyFiles, loadTopologyFile } from './load-topologies.ts'
import { logEvents } from './log-events.ts'
import type { Logger } from './logger.ts'
import { topologyRoutes } from './topology-routes.ts'
import { upgradeOptions } from './upgrade-options.ts'

/** Starts all parts in order; if one fails, those that run are stopped again. See `createFabric`. */
export async function startFabric(
  config: HeddleConfig,
  options: FabricOptions = {},
  logger?: Logger,
): Promise<Fabric> {
  const { clock = systemClock, guard, authenticate } = options
  const stops: (() => Promise<unknown>)[] = []
  let closing: Promise<void> | undefined
  let ready = false

  const stop = async (): Promise<void> => {
    ready = false
    const failures: unknown[] = []
    // Each is tried, whatever happens to the others.
    for (const one of stops.toReversed()) await one().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }

  try {
    if (logger) {
      const end = logEvents(logger)
      stops.push(async () => end())
    }
    const log = await openLog(config, clock)
    stops.push(() => log.close())
    for (const one of config.topics) await log.createTopic(topicSpec(one))

    const { openEngine } = await import('./open-engine.ts')
    const engine = await openEngine(config, log, options.connectors ?? [], clock)
    stops.push(async () => {
      const names = (await engine.list()).map((one) => one.name)
      await Promise.all(names.map((name) => engine.kill(name, { waitMs: config.drainMs })))
      await engine.close()
    })
    const files = await Promise.all(findTopologyFiles(config.topologies).map(loadTopologyFile))
    const topologies: TopologyStatus[] = []
    const all = [...files.flatMap((file) => file.topologies), ...(options.topologies ?? [])]
    const names = all.map(({ name }) => name)
    const upgrades = all.map(({ name }) => upgradeOptions(name, options.upgrade ?? {}, names))
    for (const [at, one] of all.entries())
      topologies.push(await engine.submit(one, { ...upgrades[at], by: 'start' }))

    const { createMetrics } = await import('./metrics/metrics.ts')
    const metrics = createMetrics({ engine, log })
    stops.push(async () => metrics.close())
    const { createHttpGateway } = await import('@heddle/gateway/http')
    const gateway = createHttpGateway({
      log,
      clock,
      version,
      webhooks: config.webhooks,
      limits: { maxBodyBytes: config.http.maxBodyBytes, drainMs: config.drainMs },
      extraRoutes: [
        ...topologyRoutes(engine),
        ...deployRoutes({
          engine,
          folders: options.deployFrom ?? foldersOf(config.topologies),
          drainMs: config.drainMs,
        }),
      ],
      metrics: () => metrics.text(),
      readiness: () => (ready ? { ready } : { ready, reason: 'it is starting or stopping' }),
      ...(guard && { guard }),
      ...(authenticate && { authenticate }),
    })
    const { url } = await listen(gateway, config)
    stops.push(() => gateway.close())

    ready = true
    return { url, config, log, engine, topologies, close: () => (closing ??= stop()) }
  } catch (error) {
    await stop().catch(() => {}) // the first error is the one to tell
    throw error
  }
}

async function openLog(config: HeddleConfig, clock: Clock): Promise<Log> {
  if (config.log === 'embedded') {
    const { openEmbeddedLog } = await import('@heddle/log/embedded')
    return openEmbeddedLog({ path: config.data, clock })
  }
  if (/^kafka(\+ssl)?:/.test(config.log)) {
    const { openKafkaLog } = await import('@heddle/log/kafka')
    return openKafkaLog({ url: config.log, statePath: join(config.data, 'state'), clock })
  }
  throw new HeddleError(
    'HEDDLE_CONFIG_INVALID',
    `log: there is no log for '${config.log}'; there are 'embedded' and 'kafka://host:port'`,
    { info: { keys: ['log'] } },
  )
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
