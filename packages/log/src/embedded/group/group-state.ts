/**
 * What the log keeps of a consumer group, as one JSON value; it is changed only in write transactions, which the members
 * run themselves: there is no coordinator.
 *
 * A partition changes hands in three steps, each of them a transaction: the target assignment, which every member works
 * out by itself, names another member; the owner finishes its work and gives the partition up; the other one takes it.
 * Nobody takes what has an owner, unless the owner's session is over.
 *
 * @module
 */
import { HeddleError, type CommittedOffset, type TopicPartition } from '@heddle/core'
import type { WriteTransaction } from '../commit/write-transaction.ts'
import { afterPrefix, nameKey, offsetKey, offsetPrefix, parseOffsetKey } from '../keys.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { Topics } from '../topic/topics.ts'
import type { Tree } from '../tree.ts'

export interface GroupState {
  /** Grows when members or owners change. */
  version: number
  /** Given to each membership, and never again: what an owner is known by. */
  nextEpoch: number
  members: { [member: string]: MemberState }
  /** Epoch of the membership that owns a partition, by `partitionKey`. */
  owners: { [partition: string]: number }
}

export interface MemberState {
  readonly epoch: number
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly process: ProcessIdentity
  /** When it was last heard of, ms since 1970. */
  heartbeat: number
}

interface StoredOffset {
  readonly offset: number
  readonly metadata?: string
}

/** A partition in `owners`; the topic's id, so that a topic made anew under its name is another. */
export const partitionKey = (topicId: number, partition: number): string => `${topicId}/${partition}`

export function readGroup(tree: Tree, group: string): GroupState | undefined {
  const bytes = tree.get(nameKey('group', group))
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as GroupState)
}

export const newGroup = (): GroupState => ({ version: 0, nextEpoch: 1, members: {}, owners: {} })

export function writeGroup(transaction: WriteTransaction, group: string, state: GroupState): void {
  transaction.put(nameKey('group', group), Buffer.from(JSON.stringify(state)))
}

/**
 * Checks that the membership still owns the partitions.
 * @throws HEDDLE_LOG_FENCED
 */
export function checkOwner(
  transaction: WriteTransaction,
  topics: Topics,
  { group, member, epoch }: { readonly group: string; readonly member: string; readonly epoch: number },
  partitions: readonly TopicPartition[],
): void {
  const owners = readGroup(transaction.tree, group)?.owners ?? {}
  for (const { topic, partition } of partitions) {
    const owner = owners[partitionKey(topics.get(topic).id, partition)]
    if (owner === epoch) continue
    throw new HeddleError(
      'HEDDLE_LOG_FENCED',
      `member '${member}' of group '${group}' does not own partition ${partition} of '${topic}' any more`,
      { info: { group, member, topic, partition } },
    )
  }
}

/** @throws HEDDLE_LOG_RECORD_INVALID */
export function checkOffset({ offset, metadata = '' }: CommittedOffset): void {
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new HeddleError('HEDDLE_LOG_RECORD_INVALID', `${offset} is not an offset`)
  if (metadata.length > 4096)
    throw new HeddleError(
      'HEDDLE_LOG_RECORD_INVALID',
      `metadata of an offset has ${metadata.length} characters, and at most 4096 are kept`,
    )
}

export function writeOffsets(
  transaction: WriteTransaction,
  topics: Topics,
  group: string,
  offsets: readonly CommittedOffset[],
): void {
  const keys = offsets.map(({ topic, partition }) => offsetKey(group, topics.get(topic).id, partition))
  for (const [i, { offset, metadata }] of offsets.entries()) {
    const stored: StoredOffset = metadata === undefined ? { offset } : { offset, metadata }
    transaction.put(keys[i]!, Buffer.from(JSON.stringify(stored)))
  }
}

export function readOffset(
  tree: Tree,
  group: string,
  topicId: number,
  { topic, partition }: TopicPartition,
): CommittedOffset | undefined {
  const bytes = tree.get(offsetKey(group, topicId, partition))
  if (bytes === undefined) return undefined
  return { topic, partition, ...(JSON.parse(bytes.toString()) as StoredOffset) }
}

/** All offsets of a group, by topic and partition. */
export function groupOffsets(tree: Tree, topics: Topics, group: string): CommittedOffset[] {
  const offsets: CommittedOffset[] = []
  const prefix = offsetPrefix(group)
  for (const { key, value } of tree.getRange({ start: prefix, end: afterPrefix(prefix) })) {
    const { topicId, partition } = parseOffsetKey(key)
    const topic = topics.byId(topicId)
    if (topic !== undefined)
      offsets.push({ topic: topic.name, partition, ...(JSON.parse(value.toString()) as StoredOffset) })
  }
  return offsets.sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  )
}
