/**
 * The classic protocol, for brokers before Kafka 4: the members join, one of them assigns for all, and each fetches its share.
 * Rebalances are cooperative (KIP-429): a member goes on with what it owns while it joins, and only what moves stops.
 * https://kafka.apache.org/protocol#The_Messages_JoinGroup, https://cwiki.apache.org/confluence/display/KAFKA/KIP-429
 *
 * @module
 */
import type { CommittedOffset, TopicPartition } from '@heddle/core'
import { heartbeatV4, joinGroupV7, leaveGroupV4, offsetCommitV8, syncGroupV5 } from '@platformatic/kafka'
import { KafkaError, errorOf } from '../errors.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../wire/membership.ts'
import type { MemberIdentity } from '../wire/transaction.ts'
import { assign, cooperativeSticky } from './cooperative-sticky.ts'
import { offsetTopics } from './offsets.ts'
import type { GroupProtocol, Membership } from './protocol.ts'

const consumerType = 'consumer'

/** The default of `group.min.session.timeout.ms`: brokers refuse what is shorter. */
const usualLeastSessionMs = 6_000

export class ClassicProtocol implements GroupProtocol {
  readonly #membership: Membership
  readonly intervalMs: number
  #sessionTimeoutMs: number
  #memberId = ''
  #generation = -1
  /** What it owns was settled in this generation. */
  #ownedSince = -1
  #interrupted = false
  /** The next exchange is a join. */
  #joining = true
  /** How many partitions each topic had when it joined: when there are more, they are to be shared out. */
  #partitions = new Map<string, number>()

  constructor(membership: Membership) {
    this.#membership = membership
    this.#sessionTimeoutMs = membership.sessionTimeoutMs
    // As many as KIP-848 gets from us, so that a change is noticed as soon.
    this.intervalMs = Math.round(Math.max(200, membership.sessionTimeoutMs / 20))
  }

  get identity(): MemberIdentity {
    const { group, instanceId } = this.#membership
    return { group, memberId: this.#memberId, instanceId, epoch: this.#generation }
  }

  /** A new member first gets its id; to wait for the others, who may take a while, is left to the next exchange. */
  async enter(): Promise<readonly TopicPartition[] | undefined> {
    // A name that is known gets its place back at once.
    if (this.#membership.instanceId !== null) return this.beat()
    const answer = await this.#requestJoin()
    if (!this.#named(answer)) this.#check(answer.errorCode)
    return undefined
  }

  async beat(): Promise<readonly TopicPartition[] | undefined> {
    if (!this.#joining) {
      await this.#heartbeat()
      await this.#lookForPartitions()
    }
    let assigned: readonly TopicPartition[] | undefined
    while (this.#joining) assigned = await this.#joinAndSync()
    return assigned
  }

  moved(change: 'assigned' | 'revoked'): void {
    // What was given up can be another's once all have joined again without it.
    if (change === 'revoked') this.#joining = true
  }

  reset(): void {
    this.#memberId = ''
    this.#generation = this.#ownedSince = -1
    this.#joining = true
  }

  async commit(offsets: readonly CommittedOffset[]): Promise<readonly number[]> {
    const { cluster, group, instanceId, lane } = this.#membership
    const answer = await cluster.requestCoordinator(
      'group',
      group,
      lane,
      offsetCommitV8.api,
      group,
      this.#generation,
      this.#memberId,
      instanceId,
      offsetTopics(offsets),
    )
    return answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
  }

  interrupt(): void {
    this.#interrupted = true
    void this.#membership.cluster.connections.closeLane(this.#joinLane)
  }

  async leave(): Promise<void> {
    if (this.#memberId === '') return
    const { cluster, group, instanceId, lane } = this.#membership
    const members = [{ memberId: this.#memberId, groupInstanceId: instanceId }]
    const answer = await cluster.requestCoordinator('group', group, lane, leaveGroupV4.api, group, members)
    this.#check(answer.errorCode)
  }

  close(): void {
    const { cluster, lane } = this.#membership
    void cluster.connections.closeLane(lane)
    this.interrupt()
  }

  /** The answer to a join comes when all members have joined: nothing else can wait behind it. */
  get #joinLane(): string {
    return `join-${this.#membership.lane}`
  }

  async #heartbeat(): Promise<void> {
    const { cluster, group, instanceId, lane } = this.#membership
    const answer = await cluster.requestCoordinator(
      'group',
      group,
      lane,
      heartbeatV4.api,
      group,
      this.#generation,
      this.#memberId,
      instanceId,
    )
    this.#check(answer.errorCode)
  }

  async #lookForPartitions(): Promise<void> {
    const { cluster, topics } = this.#membership
    for (const topic of topics) {
      const now = (await cluster.topic(topic))?.leaders.length ?? 0
      if (now !== this.#partitions.get(topic)) this.#joining = true
    }
  }

  /** @returns nothing when others came or went meanwhile, and all have to join again. */
  async #joinAndSync(): Promise<readonly TopicPartition[] | undefined> {
    const { cluster, group, instanceId, topics } = this.#membership
    for (const topic of topics) this.#partitions.set(topic, (await cluster.topic(topic))?.leaders.length ?? 0)
    this.#membership.settle()
    this.#joining = false
    try {
      const joined = await this.#requestJoin()
      if (this.#named(joined)) return undefined
      this.#check(joined.errorCode)
      this.#memberId = joined.memberId
      this.#generation = joined.generationId
      this.#checkInterrupted()
      const leads = joined.leader === joined.memberId
      const answer = await cluster.requestCoordinator(
        'group',
        group,
        this.#joinLane,
        syncGroupV5.api,
        group,
        this.#generation,
        this.#memberId,
        instanceId,
        consumerType,
        cooperativeSticky,
        leads ? await this.#assign(joined.members) : [],
      )
      this.#check(answer.errorCode)
      if (errorOf(answer.errorCode) !== undefined) return undefined
      this.#ownedSince = this.#generation
      return decodeAssignment(answer.assignment)
    } catch (error) {
      this.#joining = true
      throw error
    }
  }

  /** Says what it owns; the answer comes when all others have too. */
  #requestJoin() {
    this.#checkInterrupted()
    const { cluster, group, instanceId, topics } = this.#membership
    const { rebalanceTimeoutMs, requestTimeoutMs } = cluster.settings
    cluster.connections.allow(this.#joinLane, rebalanceTimeoutMs + requestTimeoutMs)
    const metadata = encodeSubscription({
      topics,
      owned: this.#membership.owned(),
      generation: this.#ownedSince,
    })
    return cluster.requestCoordinator(
      'group',
      group,
      this.#joinLane,
      joinGroupV7.api,
      group,
      this.#sessionTimeoutMs,
      rebalanceTimeoutMs,
      this.#memberId,
      instanceId,
      consumerType,
      [{ name: cooperativeSticky, metadata }],
    )
  }

  /** Whoever leaves must not begin to wait for others again. @throws KafkaError */
  #checkInterrupted(): void {
    if (this.#interrupted)
      throw new KafkaError('NETWORK_EXCEPTION', `a member leaves '${this.#membership.group}'`, {
        retryable: false,
      })
  }

  /** Whether the answer to a join only gave it the id with which it is to join. */
  #named({ errorCode, memberId }: { readonly errorCode: number; readonly memberId: string }): boolean {
    if (errorOf(errorCode)?.id !== 'MEMBER_ID_REQUIRED') return false
    this.#memberId = memberId
    this.#joining = true
    return true
  }

  /** The shares of all, by the member that leads. */
  async #assign(members: readonly { readonly memberId: string; readonly metadata: Buffer }[]) {
    const { cluster } = this.#membership
    const subscriptions = new Map(
      members.map(({ memberId, metadata }) => [memberId, decodeSubscription(metadata)]),
    )
    const partitions = new Map<string, number>()
    for (const topic of new Set([...subscriptions.values()].flatMap(({ topics }) => topics)))
      partitions.set(topic, (await cluster.refresh(topic))?.leaders.length ?? 0)
    return [...assign(subscriptions, partitions)].map(([memberId, places]) => ({
      memberId,
      assignment: encodeAssignment(places),
    }))
  }

  /**
   * Notes that all have to join again.
   * @throws KafkaError for every other error.
   */
  #check(code: number): void {
    const error = errorOf(code)
    if (error === undefined) return
    if (error.id === 'REBALANCE_IN_PROGRESS') {
      this.#joining = true
      return
    }
    const { cluster, group } = this.#membership
    if (error.id === 'INVALID_SESSION_TIMEOUT' && this.#sessionTimeoutMs < usualLeastSessionMs) {
      this.#sessionTimeoutMs = usualLeastSessionMs
      throw new KafkaError(error.id, error.message, { cause: error, retryable: true })
    }
    if (error.retryable) cluster.forgetCoordinator('group', group)
    throw error
  }
}
