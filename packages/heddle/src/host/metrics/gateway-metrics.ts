import type { PublishMessage, ReadMessage, RefusedMessage, StreamMessage } from '@heddle/gateway/http'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { MetricsGroup } from './metrics.ts'
import { onChannel } from './on-channel.ts'

/** What comes in and goes out at the gateway. */
export function gatewayMetrics(registry: Registry): MetricsGroup {
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers })
  const published = counter('heddle_gateway_published_events_total', 'Events that were stored', [
    'topic',
    'mode',
  ])
  const duplicates = counter('heddle_gateway_duplicate_events_total', 'Events that were there already', [
    'topic',
    'mode',
  ])
  const publishedBytes = counter('heddle_gateway_published_bytes_total', 'Bytes of publish bodies', [
    'topic',
    'mode',
  ])
  const read = counter('heddle_gateway_read_events_total', 'Events that were given to readers', [
    'topic',
    'form',
  ])
  const readBytes = counter('heddle_gateway_read_bytes_total', 'Bytes that were given to readers', [
    'topic',
    'form',
  ])
  const refused = counter(
    'heddle_gateway_refused_requests_total',
    'Requests that were answered with a problem',
    ['code'],
  )
  const streams = new Gauge({ name: 'heddle_gateway_streams', help: 'Readers that follow', registers })
  const latency = new Histogram({
    name: 'heddle_gateway_publish_seconds',
    help: 'From the whole body until the events were durable',
    labelNames: ['mode'],
    // From a fast disk's fsync to a stop that somebody notices.
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  })
  const ends = [
    onChannel<PublishMessage>(
      'heddle:gateway:publish',
      ({ topic, mode, events, duplicates: again, failed, bytes, ms }) => {
        published.inc({ topic, mode }, events - again - failed)
        if (again > 0) duplicates.inc({ topic, mode }, again)
        publishedBytes.inc({ topic, mode }, bytes)
        latency.observe({ mode }, ms / 1000)
      },
    ),
    onChannel<ReadMessage>('heddle:gateway:read', ({ topic, form, events, bytes }) => {
      read.inc({ topic, form }, events)
      readBytes.inc({ topic, form }, bytes)
    }),
    onChannel<RefusedMessage>('heddle:gateway:refused', ({ problem }) => refused.inc({ code: problem.code })),
    onChannel<StreamMessage>('heddle:gateway:stream', ({ open }) => streams.set(open)),
  ]
  return { close: () => ends.forEach((end) => end()) }
}
