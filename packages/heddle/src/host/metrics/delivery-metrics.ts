import type { BreakerChanged, DeliveryFailed, Leased, Pushed, Settled } from '@heddle/delivery'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { MetricsGroup } from './metrics.ts'
import { onChannel } from './on-channel.ts'

/** What leaves through subscriptions. */
export function deliveryMetrics(registry: Registry): MetricsGroup {
  const registers = [registry]
  const labelNames = ['subscription'] as const
  const leased = new Counter({
    name: 'heddle_subscription_leased_total',
    help: 'Events that were given out to consumers',
    labelNames,
    registers,
  })
  const again = new Counter({
    name: 'heddle_subscription_redelivered_total',
    help: 'Events that were given out again',
    labelNames,
    registers,
  })
  const age = new Histogram({
    name: 'heddle_subscription_wait_seconds',
    help: 'How long the oldest event of those that were given out together had been in the log',
    labelNames,
    buckets: [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 86_400],
    registers,
  })
  const settled = new Counter({
    name: 'heddle_subscription_settled_total',
    help: 'What became of events; lost: retention deleted them before they were given out',
    labelNames: ['subscription', 'outcome'],
    registers,
  })
  const failed = new Counter({
    name: 'heddle_subscription_failures_total',
    help: 'What failed beside consumers, and is tried again',
    labelNames: ['subscription', 'doing'],
    registers,
  })
  const pushed = new Histogram({
    name: 'heddle_push_seconds',
    help: 'How long endpoints took to answer, by what they answered',
    labelNames: ['subscription', 'outcome'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60],
    registers,
  })
  const open = new Gauge({
    name: 'heddle_push_breaker_open',
    help: '1 while an endpoint is left alone since it failed too often, in this process',
    labelNames,
    registers,
  })
  const ends = [
    onChannel<Leased>('heddle:delivery:leased', ({ subscription, ...facts }) => {
      leased.inc({ subscription }, facts.events)
      if (facts.again > 0) again.inc({ subscription }, facts.again)
      age.observe({ subscription }, facts.ageMs / 1000)
    }),
    onChannel<Settled>('heddle:delivery:settled', ({ subscription, outcome, events }) =>
      settled.inc({ subscription, outcome }, events),
    ),
    onChannel<Pushed>('heddle:delivery:pushed', ({ subscription, outcome, ms }) =>
      pushed.observe({ subscription, outcome }, ms / 1000),
    ),
    onChannel<BreakerChanged>('heddle:delivery:breaker', ({ subscription, state }) =>
      open.set({ subscription }, state === 'closed' ? 0 : 1),
    ),
    onChannel<DeliveryFailed>('heddle:delivery:failed', ({ subscription, doing }) =>
      failed.inc({ subscription, doing }),
    ),
  ]
  return { close: () => ends.forEach((end) => end()) }
}
