/**
 * The consumer protocol of KIP-848: the group coordinator assigns, and a member tells it with each heartbeat what it owns.
 * https://cwiki.apache.org/confluence/display/KAFKA/KIP-848
 *
 * @module
 */
import type { CommittedOffset, TopicPartition } from '@heddle/core'
import { consumerGroupHeartbeatV1, leaveGroupV5, offsetCommitV9 } from '@platformatic/kafka'
import { KafkaError, checkCode, errorOf } from '../errors.ts'
import type { MemberIdentity } from '../wire/transaction.ts'
import { offsetTopics } from './offsets.ts'
import type { GroupProtocol, Membership } from './protocol.ts'

/** A member's last word. */
const leaving = -1

export class ConsumerProtocol implements GroupProtocol {
  readonly #membership: Membership
  readonly #memberId = crypto.randomUUID()
  #epoch = 0
  intervalMs = 1_000

  constructor(membership: Membership) {
    this.#membership = membership
  }

  get identity(): MemberIdentity {
    const { group, instanceId } = this.#membership
    return { group, memberId: this.#memberId, instanceId, epoch: this.#epoch }
  }

  async enter(): Promise<readonly TopicPartition[] | undefined> {
    try {
      return await this.beat()
    } catch (error) {
      if (!(error instanceof KafkaError) || error.id !== 'UNRELEASED_INSTANCE_ID') throw error
      // The same name again replaces the former member.
      await this.#evict()
      throw new KafkaError(error.id, error.message, { cause: error, retryable: true })
    }
  }

  async beat(): Promise<readonly TopicPartition[] | undefined> {
    const answer = await this.#send()
    this.#epoch = answer.memberEpoch
    this.intervalMs = answer.heartbeatIntervalMs
    if (answer.assignment === null) return undefined
    const assigned: TopicPartition[] = []
    for (const { topicId, partitions } of answer.assignment.topicPartitions) {
      const topic = await this.#topicName(topicId)
      // Made a moment ago, or deleted: the next heartbeat tells.
      if (topic === undefined) continue
      for (const partition of partitions) assigned.push({ topic, partition })
    }
    return assigned
  }

  moved(): void {
    // Each heartbeat says what is owned.
  }

  reset(): void {
    this.#epoch = 0
  }

  async commit(offsets: readonly CommittedOffset[]): Promise<readonly number[]> {
    const { cluster, group, instanceId, lane } = this.#membership
    const answer = await cluster.requestCoordinator(
      'group',
      group,
      lane,
      offsetCommitV9.api,
      group,
      this.#epoch,
      this.#memberId,
      instanceId,
      offsetTopics(offsets),
    )
    return answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
  }

  interrupt(): void {
    // Heartbeats are answered at once.
  }

  async leave(): Promise<void> {
    this.#epoch = leaving
    await this.#send()
  }

  close(): void {
    const { cluster, lane } = this.#membership
    void cluster.connections.closeLane(lane)
  }

  async #send() {
    const { cluster, group, instanceId, lane, topics } = this.#membership
    const owned = [...Map.groupBy(this.#membership.owned(), ({ topic }) => topic)].flatMap(
      ([topic, places]) => {
        const topicId = cluster.knownTopic(topic)?.id
        return topicId === undefined
          ? []
          : [{ topicId, partitions: places.map(({ partition }) => partition) }]
      },
    )
    const answer = await cluster.requestCoordinator(
      'group',
      group,
      lane,
      consumerGroupHeartbeatV1.api,
      group,
      this.#memberId,
      this.#epoch,
      instanceId,
      null,
      cluster.settings.rebalanceTimeoutMs,
      this.#epoch === 0 ? [...topics] : null,
      null,
      null,
      this.#epoch === leaving ? null : owned,
    )
    const error = errorOf(answer.errorCode, answer.errorMessage)
    if (error === undefined) return answer
    if (error.retryable) cluster.forgetCoordinator('group', group)
    throw error
  }

  async #topicName(id: string): Promise<string | undefined> {
    const { cluster, topics } = this.#membership
    const known = cluster.topicById(id)
    if (known !== undefined) return known.name
    for (const topic of topics) await cluster.refresh(topic)
    return cluster.topicById(id)?.name
  }

  /** Takes the former holder of the name out of the group. */
  async #evict(): Promise<void> {
    const { cluster, group, instanceId } = this.#membership
    const answer = await cluster.requestCoordinator('group', group, 'admin', leaveGroupV5.api, group, [
      { memberId: '', groupInstanceId: instanceId, reason: `replaced by ${this.#memberId}` },
    ])
    checkCode(answer.errorCode)
    for (const { errorCode } of answer.members) {
      const error = errorOf(errorCode)
      if (error !== undefined && error.id !== 'UNKNOWN_MEMBER_ID') throw error
    }
  }
}
