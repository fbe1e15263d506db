import { channel } from 'node:diagnostics_channel'
import type { FileWritten, HttpAnswered } from '@heddle/connectors'
import type { BreakerChanged, Leased, Pushed, Settled } from '@heddle/delivery'
import type { PublishMessage, ReadMessage, StreamMessage } from '@heddle/gateway/http'
import type { CommitMessage } from '@heddle/log/embedded'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { connectorMetrics } from './connector-metrics.ts'
import { deliveryMetrics } from './delivery-metrics.ts'
import { gatewayMetrics } from './gateway-metrics.ts'
import { logMetrics } from './log-metrics.ts'

const registry = new Registry()
const groups = [
  gatewayMetrics(registry),
  connectorMetrics(registry),
  deliveryMetrics(registry),
  logMetrics(registry),
]
const publish = <M>(name: string, message: M): void => channel(name).publish(message)
const lines = async (): Promise<string[]> => (await registry.metrics()).split('\n')

test('what the rooms publish is counted, and nothing more after close', async () => {
  const published: PublishMessage = {
    topic: 'a',
    mode: 'batch',
    events: 10,
    duplicates: 2,
    failed: 1,
    bytes: 99,
    ms: 3,
  }
  publish('heddle:gateway:publish', published)
  publish<ReadMessage>('heddle:gateway:read', { topic: 'a', form: 'sse', events: 5, bytes: 50 })
  publish<StreamMessage>('heddle:gateway:stream', { topic: 'a', form: 'sse', state: 'opened', open: 3 })
  publish<HttpAnswered>('heddle:connectors:http-answered', {
    topology: 't',
    component: 'c',
    url: 'u',
    status: undefined,
    ms: 7,
  })
  publish<FileWritten>('heddle:connectors:file-written', {
    topology: 't',
    component: 'c',
    path: 'p',
    events: 4,
    bytes: 40,
    ms: 1,
  })
  publish<CommitMessage>('heddle:log:commit', {
    path: 'p',
    requests: 2,
    records: 8,
    duplicates: 1,
    batches: 2,
    bytes: 800,
    applyMs: 1,
    syncMs: 0.3,
  })
  publish<Leased>('heddle:delivery:leased', { subscription: 's', events: 3, again: 1, ageMs: 20 })
  publish<Settled>('heddle:delivery:settled', { subscription: 's', outcome: 'acked', events: 2 })
  publish<Pushed>('heddle:delivery:pushed', { subscription: 's', outcome: 'busy', status: 503, ms: 40 })
  publish<BreakerChanged>('heddle:delivery:breaker', { subscription: 's', state: 'open', forMs: 5_000 })
  const text = await lines()
  for (const line of [
    'heddle_push_seconds_bucket{le="0.05",subscription="s",outcome="busy"} 1',
    'heddle_push_breaker_open{subscription="s"} 1',
    'heddle_subscription_leased_total{subscription="s"} 3',
    'heddle_subscription_redelivered_total{subscription="s"} 1',
    'heddle_subscription_wait_seconds_count{subscription="s"} 1',
    'heddle_subscription_settled_total{subscription="s",outcome="acked"} 2',
    'heddle_gateway_published_events_total{topic="a",mode="batch"} 7',
    'heddle_gateway_duplicate_events_total{topic="a",mode="batch"} 2',
    'heddle_gateway_published_bytes_total{topic="a",mode="batch"} 99',
    'heddle_gateway_publish_seconds_count{mode="batch"} 1',
    'heddle_gateway_read_events_total{topic="a",form="sse"} 5',
    'heddle_gateway_streams 3',
    'heddle_http_sink_seconds_count{topology="t",component="c",status="none"} 1',
    'heddle_file_sink_events_total{topology="t",component="c"} 4',
    'heddle_log_appended_records_total 8',
    'heddle_log_sync_seconds_bucket{le="0.0005"} 1',
    'heddle_log_sync_seconds_bucket{le="0.00025"} 0',
  ])
    expect(text).toContain(line)

  for (const group of groups) group.close?.()
  publish('heddle:gateway:publish', published)
  expect(await lines()).toEqual(text)
})
