/**
 * Groups from outside: what an operator sees and does.
 *
 * @module
 */
import { type CommittedOffset, type GroupInfo, HeddleError, type TopicPartition } from '@heddle/core'
import type { Committer } from '../commit/committer.ts'
import type { WriteTransaction } from '../commit/write-transaction.ts'
import { afterPrefix, allOf, nameKey, nameOf, offsetPrefix, parseOffsetKey } from '../keys.ts'
import type { Topics } from '../topic/topics.ts'
import type { Tree } from '../tree.ts'
import {
  type GroupState,
  checkOffset,
  groupOffsets,
  partitionKey,
  readGroup,
  writeOffsets,
} from './group-state.ts'
import { expire } from './membership.ts'

export function listGroups(tree: Tree, topics: Topics, now: number): GroupInfo[] {
  const names = new Set<string>()
  for (const key of tree.getKeys(allOf('group'))) names.add(nameOf(key))
  for (const key of tree.getKeys(allOf('offset'))) names.add(parseOffsetKey(key).group)
  return [...names].sort().map((group) => {
    const state = readGroup(tree, group)
    if (state !== undefined) expire(state, now)
    return { group, members: members(state, topics), offsets: groupOffsets(tree, topics, group) }
  })
}

function members(state: GroupState | undefined, topics: Topics): GroupInfo['members'] {
  if (state === undefined) return []
  const places = topics
    .all()
    .flatMap(({ id, name, partitions }) =>
      partitions.map(({ index }) => ({ topic: name, partition: index, key: partitionKey(id, index) })),
    )
  return Object.entries(state.members).map(([member, { epoch }]) => ({
    member,
    assignment: places
      .filter(({ key }) => state.owners[key] === epoch)
      .map(({ topic, partition }): TopicPartition => ({ topic, partition })),
  }))
}

export async function resetOffsets(
  committer: Committer,
  topics: Topics,
  group: string,
  offsets: readonly CommittedOffset[],
): Promise<void> {
  for (const offset of offsets) checkOffset(offset)
  await committer.run((transaction) => {
    mustBeIdle(transaction, group)
    writeOffsets(transaction, topics, group, offsets)
  })
}

export async function deleteGroup(committer: Committer, group: string): Promise<void> {
  await committer.run((transaction) => {
    mustBeIdle(transaction, group)
    const prefix = offsetPrefix(group)
    const offsets = [...transaction.tree.getKeys({ start: prefix, end: afterPrefix(prefix) })]
    for (const key of offsets) transaction.remove(key)
    if (readGroup(transaction.tree, group) !== undefined) transaction.remove(nameKey('group', group))
  })
}

/** @throws HEDDLE_LOG_GROUP_ACTIVE */
function mustBeIdle(transaction: WriteTransaction, group: string): void {
  const state = readGroup(transaction.tree, group)
  if (state === undefined) return
  expire(state, transaction.now)
  const names = Object.keys(state.members)
  if (names.length === 0) return
  throw new HeddleError('HEDDLE_LOG_GROUP_ACTIVE', `'${group}' has ${names.join(', ')}`, {
    info: { group, members: names },
  })
}
