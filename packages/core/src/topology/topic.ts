import type { TopicSpec } from '../ports/log.ts'
import { type Duration, type Size, bytes, milliseconds } from '../units.ts'

/** A topic named in a topology, with the type of its events' data. */
export interface TopicRef<T = unknown> {
  readonly kind: 'topic'
  readonly name: string
  /** What it is created with when it is missing. */
  readonly spec: TopicSpec
  /** Only for the type checker. */
  readonly data?: T
}

export interface TopicOptions {
  readonly partitions?: number
  /** What is older goes. Default: nothing does. */
  readonly retention?: Duration
  /** What is beyond this size in each partition goes, oldest first. Default: nothing does. */
  readonly retentionBytes?: Size
  /** Keep only the last event of each partition key. */
  readonly compaction?: boolean
}

/**
 * Names a topic. An engine creates it with these settings when it is missing, and leaves it as it is otherwise.
 *
 * @example topic<Order>('orders', { partitions: 8, retention: '7d' })
 */
export function topic<T = unknown>(name: string, options: TopicOptions = {}): TopicRef<T> {
  const { partitions, retention, retentionBytes, compaction } = options
  const spec: TopicSpec = {
    name,
    ...(partitions !== undefined && { partitions }),
    ...((retention !== undefined || retentionBytes !== undefined) && {
      retention: {
        ...(retention !== undefined && { ms: milliseconds(retention) }),
        ...(retentionBytes !== undefined && { bytes: bytes(retentionBytes) }),
      },
    }),
    ...(compaction !== undefined && { compaction }),
  }
  return { kind: 'topic', name, spec }
}
