import type { ScheduleFailed, Sent } from '@heddle/delivery'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { MetricsGroup } from './metrics.ts'
import { onChannel } from './on-channel.ts'

/** What is sent later. */
export function scheduleMetrics(registry: Registry): MetricsGroup {
  const registers = [registry]
  const late = new Histogram({
    name: 'heddle_schedule_late_seconds',
    help: 'How long after it was due the event of a schedule was on disk in its topic',
    labelNames: ['topic'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 10, 60, 3600],
    registers,
  })
  const failed = new Counter({
    name: 'heddle_schedule_failures_total',
    help: 'How often schedules could not be kept or sent; it is tried again',
    registers,
  })
  const ends = [
    onChannel<Sent>('heddle:delivery:sent', ({ lateMs, topic }) => late.observe({ topic }, lateMs / 1000)),
    onChannel<ScheduleFailed>('heddle:delivery:schedule-failed', () => failed.inc()),
  ]
  return { close: () => ends.forEach((end) => end()) }
}
