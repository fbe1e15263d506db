import type { Clock } from '@heddle/core'
import { Gauge, type Registry } from 'prom-client'
import type { GatewayLog } from '../gateway-log/gateway-log.ts'
import type { MetricsGroup } from './metrics.ts'

/** Whether the log can be reached, and what waits for it. */
export function bufferMetrics(registry: Registry, log: GatewayLog, clock: Clock): MetricsGroup {
  const registers = [registry]
  const gauge = (name: string, help: string): Gauge<'topic'> =>
    new Gauge({ name, help, labelNames: ['topic'], registers })
  const available = new Gauge({
    name: 'heddle_gateway_log_available',
    help: '1 while the log answers the gateway, 0 while it is away',
    registers,
  })
  const events = gauge('heddle_buffer_events', 'Events that were accepted and wait for the log')
  const bytes = gauge('heddle_buffer_bytes', 'Bytes of them')
  const age = gauge('heddle_buffer_oldest_seconds', 'How long the oldest of them has waited')
  return {
    async refresh() {
      available.set(log.awayReason === undefined ? 1 : 0)
      for (const each of [events, bytes, age]) each.reset()
      for (const one of log.waiting()) {
        const labels = { topic: one.topic }
        events.set(labels, one.events)
        bytes.set(labels, one.bytes)
        age.set(labels, one.since === undefined ? 0 : Math.max(0, clock.now() - one.since) / 1000)
      }
    },
  }
}
