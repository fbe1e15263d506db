import type { Clock, Engine } from '@heddle/core'
import { Registry, collectDefaultMetrics } from 'prom-client'
import { within } from '../gateway-log/away.ts'
import type { GatewayLog } from '../gateway-log/gateway-log.ts'
import { bufferMetrics } from './buffer-metrics.ts'
import { connectorMetrics } from './connector-metrics.ts'
import { deliveryMetrics } from './delivery-metrics.ts'
import { engineMetrics } from './engine-metrics.ts'
import { gatewayMetrics } from './gateway-metrics.ts'
import { logMetrics } from './log-metrics.ts'
import { restoreMetrics } from './restore-metrics.ts'
import { scheduleMetrics } from './schedule-metrics.ts'
import { topicMetrics } from './topic-metrics.ts'
import { topologyMetrics } from './topology-metrics.ts'

export interface Metrics {
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>
  close(): void
}

/** A group of metrics. */
export interface MetricsGroup {
  /** Called before each look at them: brings up to date what is not counted on the way. */
  refresh?(): Promise<void>
  close?(): void
}

export interface MetricsOptions {
  readonly engine: Engine
  readonly log: GatewayLog
  readonly clock: Clock
}

/** How long what is asked for may take, in ms: what the log does not tell by then is left out, and the rest is given. */
const refreshMs = 2_000

/**
 * The metrics of a host: those of the process, of its topologies and topics, and of what the rooms publish on their
 * channels. Channels are the process's: two hosts in one process count both.
 */
export function createMetrics({ engine, log, clock }: MetricsOptions): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const groups: readonly MetricsGroup[] = [
    topologyMetrics(registry, engine),
    topicMetrics(registry, log),
    gatewayMetrics(registry),
    bufferMetrics(registry, log, clock),
    logMetrics(registry),
    restoreMetrics(registry),
    engineMetrics(registry),
    connectorMetrics(registry),
    deliveryMetrics(registry),
    scheduleMetrics(registry),
  ]
  return {
    async text() {
      await Promise.all(
        groups.map(async (group) =>
          within(clock, refreshMs, Promise.resolve(group.refresh?.())).catch(() => {}),
        ),
      )
      return registry.metrics()
    },
    close() {
      for (const group of groups) group.close?.()
      registry.clear()
    },
  }
}
