/**
 * The transactions that a member of a consumer group runs.
 *
 * @module
 */
import type { TopicPartition } from '@heddle/core'
import type { WriteTransaction } from '../commit/write-transaction.ts'
import { isGone, ownProcess } from '../process-identity.ts'
import type { Topics } from '../topic/topics.ts'
import type { Tree } from '../tree.ts'
import { type Candidate, assign } from './assignment.ts'
import { type GroupState, newGroup, partitionKey, readGroup, writeGroup } from './group-state.ts'

export interface Membership {
  readonly group: string
  readonly member: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
}

/** A partition under the key by which a group knows it. */
export interface Owned extends TopicPartition {
  readonly key: string
}

/** Where a member stands after a step. */
export interface Standing {
  /** `replaced` by another with its name, or `expired`: not heard of for too long. */
  readonly state: 'member' | 'replaced' | 'expired'
  readonly owned: readonly Owned[]
  /** Owned partitions that are to go to others. */
  readonly revoke: readonly Owned[]
  readonly version: number
  readonly expired: readonly string[]
}

/** Enters the group, in place of a former member of that name. @returns the epoch of the membership. */
export function join(transaction: WriteTransaction, membership: Membership): number {
  const { group, member, topics, sessionTimeoutMs } = membership
  const state = readGroup(transaction.tree, group) ?? newGroup()
  const epoch = state.nextEpoch++
  state.version++
  state.members[member] = {
    epoch,
    topics,
    sessionTimeoutMs,
    process: ownProcess,
    heartbeat: transaction.now,
  }
  writeGroup(transaction, group, state)
  transaction.groups.add(group)
  return epoch
}

/** Says that the member lives, and does nothing else. */
export function beat(transaction: WriteTransaction, { group, member }: Membership, epoch: number): void {
  const state = readGroup(transaction.tree, group)
  const self = state?.members[member]
  if (state === undefined || self?.epoch !== epoch) return
  self.heartbeat = transaction.now
  writeGroup(transaction, group, state)
}

/**
 * One step towards the target assignment: gives up `release`, drops members that are gone, takes what is free and its
 * own, and tells what is to be given up next.
 */
export function step(
  transaction: WriteTransaction,
  topics: Topics,
  membership: Membership,
  epoch: number,
  release: readonly Owned[],
): Standing {
  const { group, member, sessionTimeoutMs } = membership
  const state = readGroup(transaction.tree, group)
  const self = state?.members[member]
  if (state === undefined || self?.epoch !== epoch)
    return {
      state: self === undefined ? 'expired' : 'replaced',
      owned: [],
      revoke: [],
      version: state?.version ?? 0,
      expired: [],
    }
  let changed = false
  for (const { key } of release)
    if (state.owners[key] === epoch) {
      delete state.owners[key]
      changed = true
    }
  const expired = expire(state, transaction.now, member)
  if (expired.length > 0) changed = true

  const partitions = subscribed(state, topics)
  if (dropStrayOwners(state, partitions)) changed = true
  const target = assign(
    Object.entries(state.members).map(([name, { topics }]) => ({ member: name, topics })),
    partitions.map((partition): Candidate => ({ ...partition, owner: ownerOf(state, partition.key) })),
  )
  for (const { key } of partitions)
    if (state.owners[key] === undefined && target.get(key) === member) {
      state.owners[key] = epoch
      changed = true
    }
  if (changed) {
    state.version++
    transaction.groups.add(group)
  }
  if (changed || transaction.now - self.heartbeat >= sessionTimeoutMs / 6) {
    self.heartbeat = transaction.now
    writeGroup(transaction, group, state)
  }
  const owned = partitions.filter(({ key }) => state.owners[key] === epoch)
  const revoke = owned.filter(({ key }) => target.get(key) !== member)
  return { state: 'member', owned, revoke, version: state.version, expired }
}

/** Leaves, with all that it owns. */
export function leave(transaction: WriteTransaction, { group, member }: Membership, epoch: number): void {
  const state = readGroup(transaction.tree, group)
  if (state?.members[member]?.epoch !== epoch) return
  delete state.members[member]
  for (const [key, owner] of Object.entries(state.owners)) if (owner === epoch) delete state.owners[key]
  state.version++
  writeGroup(transaction, group, state)
  transaction.groups.add(group)
}

/** Removes members that are gone, except `spare`. @returns their names. */
export function expire(state: GroupState, now: number, spare?: string): string[] {
  const gone = Object.entries(state.members)
    .filter(([name, { heartbeat, sessionTimeoutMs, process }]) => {
      return name !== spare && (now - heartbeat > sessionTimeoutMs || isGone(process))
    })
    .map(([name]) => name)
  for (const name of gone) delete state.members[name]
  return gone
}

/** Whether the process of some member has died; what it owned is free then. */
export function someoneIsGone(tree: Tree, group: string): boolean {
  tree.resetReadTxn()
  return Object.values(readGroup(tree, group)?.members ?? {}).some(({ process }) => isGone(process))
}

/** Partitions of all topics that some member asks for, in order. */
function subscribed(state: GroupState, topics: Topics): Owned[] {
  const names = new Set(Object.values(state.members).flatMap((member) => member.topics))
  return [...names].sort().flatMap((name) => {
    const topic = topics.find(name)
    return (topic?.partitions ?? []).map(({ index }) => ({
      topic: name,
      partition: index,
      key: partitionKey(topic!.id, index),
    }))
  })
}

/** Frees what belongs to nobody that is there, or is there no more. */
function dropStrayOwners(state: GroupState, partitions: readonly Owned[]): boolean {
  const epochs = new Set(Object.values(state.members).map(({ epoch }) => epoch))
  const keys = new Set(partitions.map(({ key }) => key))
  let dropped = false
  for (const [key, epoch] of Object.entries(state.owners)) {
    if (epochs.has(epoch) && keys.has(key)) continue
    delete state.owners[key]
    dropped = true
  }
  return dropped
}

function ownerOf(state: GroupState, key: string): string | undefined {
  const epoch = state.owners[key]
  if (epoch === undefined) return undefined
  for (const [name, member] of Object.entries(state.members)) if (member.epoch === epoch) return name
  return undefined
}
