import type {
  CommitMessage,
  DeadLetterMessage,
  DeliveryMessage,
  SkippedMessage,
  TimeoutMessage,
} from '@heddle/engine/local'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { MetricsGroup } from './metrics.ts'
import { onChannel } from './on-channel.ts'

/** What the engine does beside executing: commits, dead letters, replays, deliveries. */
export function engineMetrics(registry: Registry): MetricsGroup {
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers })
  const done = counter('heddle_topology_events_total', 'Input events that were done and committed', [
    'topology',
  ])
  const dead = counter('heddle_topology_dead_letters_total', 'Events that failed for good', [
    'topology',
    'component',
  ])
  const replayed = counter(
    'heddle_topology_timeouts_total',
    'Events that were not done in time and are replayed',
    ['topology'],
  )
  const skipped = counter(
    'heddle_topology_skipped_records_total',
    'Records that were gone before they were read',
    ['topology', 'topic'],
  )
  const delivered = counter('heddle_sink_events_total', 'Events that sinks took', ['topology', 'component'])
  const failed = counter('heddle_sink_failed_writes_total', 'Writes that sinks did not take', [
    'topology',
    'component',
  ])
  const commit = new Histogram({
    name: 'heddle_topology_commit_seconds',
    help: 'Duration of commits',
    labelNames: ['topology'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers,
  })
  const ends = [
    onChannel<CommitMessage>('heddle:engine:commit', ({ topology, events, ms }) => {
      done.inc({ topology }, events)
      commit.observe({ topology }, ms / 1000)
    }),
    onChannel<DeadLetterMessage>('heddle:engine:dead-letter', ({ topology, component }) =>
      dead.inc({ topology, component }),
    ),
    onChannel<TimeoutMessage>('heddle:engine:timeout', ({ topology }) => replayed.inc({ topology })),
    onChannel<SkippedMessage>('heddle:engine:skipped', ({ topology, topic, from, to }) =>
      skipped.inc({ topology, topic }, to - from),
    ),
    onChannel<DeliveryMessage>('heddle:engine:delivery', ({ topology, component, events, error }) => {
      if (error === undefined) delivered.inc({ topology, component }, events)
      else failed.inc({ topology, component })
    }),
  ]
  return { close: () => ends.forEach((end) => end()) }
}
