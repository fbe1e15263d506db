import type { Log } from '@heddle/core'
import { Gauge, type Registry } from 'prom-client'
import type { MetricsGroup } from './metrics.ts'

/** Offsets and sizes of each partition. */
export function topicMetrics(registry: Registry, log: Pick<Log, 'listTopics' | 'partitions'>): MetricsGroup {
  const gauge = (name: string, help: string): Gauge<'topic' | 'partition'> =>
    new Gauge({ name, help, labelNames: ['topic', 'partition'], registers: [registry] })
  const earliest = gauge('heddle_partition_earliest_offset', 'First offset that is kept')
  const latest = gauge('heddle_partition_latest_offset', 'Offset that the next record gets')
  const bytes = gauge('heddle_partition_bytes', 'Bytes on disk')
  return {
    async refresh() {
      for (const each of [earliest, latest, bytes]) each.reset()
      const topics = await log.listTopics()
      // One that is deleted in between is left out.
      const partitions = await Promise.all(topics.map(({ name }) => log.partitions(name).catch(() => [])))
      for (const one of partitions.flat()) {
        const labels = { topic: one.topic, partition: String(one.partition) }
        earliest.set(labels, one.earliest)
        latest.set(labels, one.latest)
        bytes.set(labels, one.bytes)
      }
    },
  }
}
