/**
 * A topic's settings as Kafka's, and back. What Kafka has no place for (the window of deduplication, the durability, the
 * time of creation) is in the registry, see `registry.ts`.
 *
 * @module
 */
import type { TopicConfig, TopicInfo } from '@heddle/core'
import type { Settings } from '../options.ts'

export type KafkaConfig = Readonly<Record<string, string>>

/** Kafka limits batches, and we limit records: what lies between. */
const batchRoom = 64 * 1024

/** Kafka's default for `max.message.bytes`. */
const usualMaxBatch = 1_048_588

const day = 86_400_000

/** How far in the future timestamps may be. Brokers before Kafka 3.6 do not know it, and take any. */
export const futureSetting = 'message.timestamp.after.max.ms'

/**
 * Kafka's settings for a topic. Retention works on segments, so these are made small enough for it; timestamps of the
 * future are taken, as the embedded log takes them.
 */
export function kafkaConfig(config: TopicConfig, settings: Settings, replicas: number): KafkaConfig {
  const { retention, compaction, maxRecordBytes, durability } = config
  const { ms, bytes } = retention
  const limited = ms !== undefined || bytes !== undefined
  return {
    'cleanup.policy': compaction ? (limited ? 'compact,delete' : 'compact') : 'delete',
    'retention.ms': String(ms ?? -1),
    'retention.bytes': String(bytes ?? -1),
    'segment.ms': String(ms === undefined ? 7 * day : between(ms / 4, 60_000, 7 * day)),
    'segment.bytes': String(bytes === undefined ? 2 ** 30 : between(bytes / 4, 2 ** 20, 2 ** 30)),
    'max.message.bytes': String(
      Math.max(usualMaxBatch, maxRecordBytes + batchRoom, settings.maxBatchBytes + batchRoom),
    ),
    [futureSetting]: String(2n ** 63n - 1n),
    // With one copy only the disk holds the promise that an acknowledged record is kept; with more the copies do.
    'flush.messages': durability === 'fsync' && replicas === 1 ? '1' : String(2n ** 63n - 1n),
    ...(settings.minInsyncReplicas === undefined
      ? {}
      : { 'min.insync.replicas': String(settings.minInsyncReplicas) }),
  }
}

const between = (value: number, least: number, most: number): number =>
  Math.round(Math.min(most, Math.max(least, value)))

/** What the registry keeps of a topic. */
export interface Registered {
  readonly id: string
  readonly createdAt: number
  readonly dedupe: TopicConfig['dedupe']
  readonly durability: TopicConfig['durability']
  readonly maxRecordBytes: number
}

/** Used for a topic that some other program created. */
const foreignDedupe = { ms: 3_600_000, ids: 250_000 }

/** A topic from what Kafka and the registry have on it. */
export function topicInfo(
  name: string,
  partitions: number,
  kafka: KafkaConfig,
  registered: Registered | undefined,
): TopicInfo {
  const retention = {
    ...(kafka['retention.ms'] === undefined || Number(kafka['retention.ms']) < 0
      ? {}
      : { ms: Number(kafka['retention.ms']) }),
    ...(kafka['retention.bytes'] === undefined || Number(kafka['retention.bytes']) < 0
      ? {}
      : { bytes: Number(kafka['retention.bytes']) }),
  }
  const policy = kafka['cleanup.policy'] ?? 'delete'
  return {
    name,
    partitions,
    // A policy without "delete" keeps retention settings that do nothing.
    retention: policy.includes('delete') ? retention : {},
    compaction: policy.includes('compact'),
    dedupe: registered?.dedupe ?? foreignDedupe,
    maxRecordBytes:
      registered?.maxRecordBytes ?? Math.max(1, Number(kafka['max.message.bytes'] ?? usualMaxBatch) - 1024),
    durability: registered?.durability ?? 'fsync',
    createdAt: registered?.createdAt ?? 0,
  }
}
