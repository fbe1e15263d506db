/**
 * The changelog of a store: a compacted topic of its own, which the transactions that change the store write.
 *
 * ```
 * topic = "__heddle_store." name, 1 partition; key and value as they are in the store, null deletes
 * ```
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { deleteTopicsV6 } from '@platformatic/kafka'
import type { Cluster, TopicMetadata } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import { KafkaError, checkCode, errorOf } from '../errors.ts'
import { createInternalTopic } from '../topic/registry.ts'

const hour = 3_600_000

/**
 * How long brokers keep the mark of a deleted key after they have compacted it, in ms. Whoever reads on from an older place could miss
 * that a key was deleted; it also bounds how long a restore may take.
 */
const keptMarksMs = 24 * hour

/** A copy that was last up to date longer ago is made anew: half of what marks are kept, so that clocks and reading have room. */
export const oldestCopyMs = keptMarksMs / 2

/**
 * Only segments that are closed are compacted. Small ones, closed at least once a day, keep the part that is not compacted to little
 * more than the live entries, and bound how long a value that was deleted is still in the log.
 */
const changelogConfig = (segmentBytes: number): Readonly<Record<string, string>> => ({
  'cleanup.policy': 'compact',
  'delete.retention.ms': String(keptMarksMs),
  'segment.bytes': String(segmentBytes),
  'max.compaction.lag.ms': String(24 * hour),
  // Compact when a third was overwritten, not half of it: what is restored is read more often than it is compacted.
  'min.cleanable.dirty.ratio': '0.33',
})

/** Name of the changelog of a store: what a topic's name cannot hold is replaced, and told apart by a hash. */
export function changelogOf(name: string): string {
  const plain = name.replaceAll(/[^a-zA-Z0-9._-]/g, '_')
  const short = plain.slice(0, 180)
  const same = short === name
  return `__heddle_store.${short}${same ? '' : `-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`}`
}

/** A store's changelog as it is on the brokers now. */
export function findChangelog(cluster: Cluster, topic: string): Promise<TopicMetadata | undefined> {
  const { clock, deliveryTimeoutMs } = cluster.settings
  return retrying(clock, deliveryTimeoutMs, () => cluster.refresh(topic))
}

/** The same, made if it is not there. */
export async function openChangelog(cluster: Cluster, topic: string): Promise<TopicMetadata> {
  const there = await findChangelog(cluster, topic)
  if (there !== undefined) return there
  await createInternalTopic(cluster, topic, changelogConfig(cluster.settings.changelogSegmentBytes))
  const made = await findChangelog(cluster, topic)
  if (made !== undefined) return made
  throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', topic, { retryable: false })
}

/** Deletes a store's changelog, unless there is none; resolves when the brokers do not name it any more. */
export async function deleteChangelog(cluster: Cluster, topic: string): Promise<void> {
  const { clock, deliveryTimeoutMs, requestTimeoutMs } = cluster.settings
  const there = await findChangelog(cluster, topic)
  if (there === undefined) return
  await retrying(clock, deliveryTimeoutMs, async () => {
    const answer = await cluster.requestAny(
      'admin',
      deleteTopicsV6.api,
      [{ name: topic, topicId: null }],
      requestTimeoutMs,
    )
    const { errorCode, errorMessage } = answer.responses[0]!
    if (errorOf(errorCode)?.id !== 'UNKNOWN_TOPIC_OR_PARTITION') checkCode(errorCode, errorMessage)
  })
  await retrying(clock, deliveryTimeoutMs, async () => {
    const metadata = await cluster.refresh(topic)
    if (metadata?.id === there.id)
      throw new KafkaError('REQUEST_TIMED_OUT', `${topic} is still there`, { retryable: true })
  })
}
