import type { FileWritten, HttpAnswered } from '@heddle/connectors'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { MetricsGroup } from './metrics.ts'
import { onChannel } from './on-channel.ts'

/** What leaves through the connectors. */
export function connectorMetrics(registry: Registry): MetricsGroup {
  const registers = [registry]
  const requests = new Histogram({
    name: 'heddle_http_sink_seconds',
    help: 'Requests of HTTP sinks; status is none where there was no answer',
    labelNames: ['topology', 'component', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15],
    registers,
  })
  const events = new Counter({
    name: 'heddle_file_sink_events_total',
    help: 'Events that file sinks have on disk',
    labelNames: ['topology', 'component'],
    registers,
  })
  const bytes = new Counter({
    name: 'heddle_file_sink_bytes_total',
    help: 'Bytes that file sinks have on disk',
    labelNames: ['topology', 'component'],
    registers,
  })
  const ends = [
    onChannel<HttpAnswered>('heddle:connectors:http-answered', ({ topology, component, status, ms }) =>
      requests.observe({ topology, component, status: status ?? 'none' }, ms / 1000),
    ),
    onChannel<FileWritten>('heddle:connectors:file-written', (written) => {
      const { topology, component } = written
      events.inc({ topology, component }, written.events)
      bytes.inc({ topology, component }, written.bytes)
    }),
  ]
  return { close: () => ends.forEach((end) => end()) }
}
