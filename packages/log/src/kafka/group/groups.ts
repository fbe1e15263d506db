/**
 * Consumer groups from outside: join, list, reset, delete.
 *
 * @module
 */
import { type CommittedOffset, type GroupInfo, type GroupOptions, HeddleError } from '@heddle/core'
import {
  consumerGroupDescribeV0,
  deleteGroupsV2,
  describeGroupsV5,
  incrementalAlterConfigsV1,
  listGroupsV4,
  listGroupsV5,
  offsetCommitV8,
} from '@platformatic/kafka'
import type { Abilities, Cluster } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import { KafkaError, checkCode, errorOf } from '../errors.ts'
import { decodeAssignment } from '../wire/membership.ts'
import { ClassicProtocol } from './classic-protocol.ts'
import { ConsumerProtocol } from './consumer-protocol.ts'
import { KafkaMember, defaultSessionTimeoutMs } from './member.ts'
import { fetchOffsets, offsetTopics } from './offsets.ts'

/** Kafka's type of resource for a consumer group. */
const groupResource = 32 as const
const setOperation = 0 as const
const listGroupsKey = 16

/** How long the end of a transaction may take to reach the offsets that were committed in it, in ms: usually a few. */
const markersMs = 1_000

export class Groups {
  readonly #cluster: Cluster
  readonly #abilities: Abilities
  readonly #endHanging: (group: string) => Promise<void>
  readonly #members = new Set<KafkaMember>()

  /** @param endHanging Ends transactions that brokers have left open in the offsets of a group. */
  constructor(cluster: Cluster, abilities: Abilities, endHanging: (group: string) => Promise<void>) {
    this.#cluster = cluster
    this.#abilities = abilities
    this.#endHanging = endHanging
  }

  async join(options: GroupOptions): Promise<KafkaMember> {
    const consumer = this.#consumerProtocol()
    if (consumer) await this.#configure(options.group, options.sessionTimeoutMs ?? defaultSessionTimeoutMs)
    const member = await KafkaMember.join(
      this.#cluster,
      options,
      (membership) => (consumer ? new ConsumerProtocol(membership) : new ClassicProtocol(membership)),
      { left: (left) => this.#members.delete(left), endHanging: this.#endHanging },
    )
    this.#members.add(member)
    return member
  }

  /** @throws HEDDLE_LOG_UNSUPPORTED when it is asked for, and the brokers do not know it. */
  #consumerProtocol(): boolean {
    const { groupProtocol } = this.#cluster.settings
    const { consumerGroups } = this.#abilities
    if (groupProtocol === 'consumer' && !consumerGroups)
      throw new HeddleError(
        'HEDDLE_LOG_UNSUPPORTED',
        "groupProtocol 'consumer' needs brokers of Kafka 4.0 or newer, with the feature group.version 1; 'classic' and 'auto' do not",
      )
    return groupProtocol !== 'classic' && consumerGroups
  }

  async list(): Promise<GroupInfo[]> {
    const names = await this.#retrying(async () => {
      await this.#cluster.allTopics()
      const found = new Map<string, string>()
      for (const broker of this.#cluster.brokers) {
        // Before version 5 there was one type of group only, and the answer does not name it.
        const answer =
          this.#abilities.newest(listGroupsKey) >= 5
            ? await this.#cluster.request(broker, 'admin', listGroupsV5.api, [], [])
            : await this.#cluster.request(broker, 'admin', listGroupsV4.api, [], [])
        checkCode(answer.errorCode)
        for (const { groupId, groupType } of answer.groups)
          found.set(groupId, groupType?.toLowerCase() || 'classic')
      }
      return found
    })
    const groups: GroupInfo[] = []
    for (const [group, type] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      // Share and streams groups keep no offsets that could be listed here.
      if (type !== 'consumer' && type !== 'classic') continue
      const [members, offsets] = await Promise.all([
        type === 'consumer' ? this.#describe(group) : this.#describeClassic(group),
        this.#offsets(group),
      ])
      groups.push({ group, members, offsets })
    }
    return groups
  }

  async reset(group: string, offsets: readonly CommittedOffset[]): Promise<void> {
    await this.#retrying(async () => {
      const answer = await this.#cluster.requestCoordinator(
        'group',
        group,
        'admin',
        offsetCommitV8.api,
        group,
        -1,
        '',
        null,
        offsetTopics(offsets),
      )
      for (const { partitions } of answer.topics)
        for (const { errorCode } of partitions) {
          const error = errorOf(errorCode)
          if (error === undefined) continue
          if (['UNKNOWN_MEMBER_ID', 'STALE_MEMBER_EPOCH', 'ILLEGAL_GENERATION'].includes(error.id))
            throw new HeddleError('HEDDLE_LOG_GROUP_ACTIVE', `'${group}'`, { cause: error, info: { group } })
          if (error.retryable) this.#cluster.forgetCoordinator('group', group)
          throw error
        }
    })
  }

  async delete(group: string): Promise<void> {
    await this.#retrying(async () => {
      const answer = await this.#cluster.requestCoordinator('group', group, 'admin', deleteGroupsV2.api, [
        group,
      ])
      const error = errorOf(answer.results[0]!.errorCode)
      if (error === undefined || error.id === 'GROUP_ID_NOT_FOUND') return
      if (error.retryable) this.#cluster.forgetCoordinator('group', group)
      throw error
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.abandon()))
  }

  async #describe(group: string): Promise<GroupInfo['members']> {
    return this.#retrying(async () => {
      const answer = await this.#cluster.requestCoordinator(
        'group',
        group,
        'admin',
        consumerGroupDescribeV0.api,
        [group],
        false,
      )
      const [described] = answer.groups
      if (described === undefined || errorOf(described.errorCode)?.id === 'GROUP_ID_NOT_FOUND') return []
      checkCode(described.errorCode, described.errorMessage)
      return described.members.map(({ memberId, instanceId, assignment }) => ({
        member: instanceId ?? memberId,
        assignment: assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
          partitions.map((partition) => ({ topic: topicName, partition })),
        ),
      }))
    })
  }

  async #describeClassic(group: string): Promise<GroupInfo['members']> {
    return this.#retrying(async () => {
      const answer = await this.#cluster.requestCoordinator(
        'group',
        group,
        'admin',
        describeGroupsV5.api,
        [group],
        false,
      )
      const [described] = answer.groups
      if (described === undefined || errorOf(described.errorCode)?.id === 'GROUP_ID_NOT_FOUND') return []
      checkCode(described.errorCode)
      // Kafka Connect's workers form groups too, whose members have no partitions.
      if (described.protocolType !== 'consumer') return []
      return described.members.map(({ memberId, groupInstanceId, memberAssignment }) => ({
        member: groupInstanceId ?? memberId,
        assignment: decodeAssignment(memberAssignment),
      }))
    })
  }

  /** With what was committed just now; but who looks does not wait for a transaction that stays open. */
  async #offsets(group: string): Promise<CommittedOffset[]> {
    const stable = (): Promise<CommittedOffset[]> => fetchOffsets(this.#cluster, group, null)
    try {
      return await retrying(this.#cluster.settings.clock, markersMs, stable)
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.retryable) throw error
      return this.#retrying(() => fetchOffsets(this.#cluster, group, null, false))
    }
  }

  /**
   * Session timeout and heartbeat are settings of the group on the brokers, which have least values (by default 45 s and
   * 5 s). One that is refused leaves the group with what the brokers have.
   */
  async #configure(group: string, sessionTimeoutMs: number): Promise<void> {
    const heartbeatMs = Math.round(Math.max(200, sessionTimeoutMs / 20))
    // Each by itself, so that one can be taken where the other is refused.
    await this.#set(group, 'consumer.session.timeout.ms', sessionTimeoutMs)
    await this.#set(group, 'consumer.heartbeat.interval.ms', heartbeatMs)
  }

  async #set(group: string, name: string, value: number): Promise<void> {
    await this.#retrying(async () => {
      const configs = [{ name, configOperation: setOperation, value: String(value) }]
      const resource = { resourceType: groupResource, resourceName: group, configs }
      const answer = await this.#cluster.requestAny('admin', incrementalAlterConfigsV1.api, [resource], false)
      const error = errorOf(answer.responses[0]!.errorCode, answer.responses[0]!.errorMessage)
      if (error?.retryable === true) throw error
    })
  }

  #retrying<T>(attempt: () => Promise<T>): Promise<T> {
    const { clock, deliveryTimeoutMs } = this.#cluster.settings
    return retrying(clock, deliveryTimeoutMs, attempt)
  }
}
