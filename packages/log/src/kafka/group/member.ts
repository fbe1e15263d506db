/**
 * A membership by the consumer protocol of KIP-848: the group coordinator assigns, and a member tells it with each
 * heartbeat what it owns. https://cwiki.apache.org/confluence/display/KAFKA/KIP-848
 *
 * @module
 */
import {
  type CommittedOffset,
  type GroupMember,
  type GroupOptions,
  HeddleError,
  type Timer,
  type TopicPartition,
} from '@heddle/core'
import { consumerGroupHeartbeatV1, leaveGroupV5, offsetCommitV9 } from '@platformatic/kafka'
import { publish } from '../channels.ts'
import type { Cluster } from '../client/cluster.ts'
import { backoffMs, retrying } from '../client/retry.ts'
import { KafkaError, checkCode, errorOf, heddleError } from '../errors.ts'
import type { MemberIdentity } from '../wire/transaction.ts'
import { fetchOffsets, offsetTopics } from './offsets.ts'

/** A member's last word. */
const leaving = -1

/** The coordinator no longer knows the member: its partitions are another's. */
const expelled = new Set(['UNKNOWN_MEMBER_ID', 'FENCED_MEMBER_EPOCH'])

/** Another has taken the name. */
const replaced = new Set(['UNRELEASED_INSTANCE_ID', 'FENCED_INSTANCE_ID'])

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

export class KafkaMember implements GroupMember {
  readonly group: string
  readonly member: string
  readonly #cluster: Cluster
  readonly #options: GroupOptions
  readonly #memberId = crypto.randomUUID()
  readonly #instanceId: string | null
  readonly #left: (member: KafkaMember) => void
  #epoch = 0
  #owned = new Map<string, TopicPartition>()
  #target: Map<string, TopicPartition> | undefined
  #intervalMs = 1_000
  #failures = 0
  #timer: Timer | undefined
  #beating: Promise<void> | undefined
  #beatAgain = false
  #walk: Promise<void> | undefined
  #lastHeard: number
  #ended = false

  private constructor(cluster: Cluster, options: GroupOptions, left: (member: KafkaMember) => void) {
    this.group = options.group
    this.member = options.member ?? this.#memberId
    this.#instanceId = options.member ?? null
    this.#cluster = cluster
    this.#options = options
    this.#left = left
    this.#lastHeard = cluster.settings.clock.now()
  }

  static async join(
    cluster: Cluster,
    options: GroupOptions,
    left: (member: KafkaMember) => void,
  ): Promise<KafkaMember> {
    const member = new KafkaMember(cluster, options, left)
    const { clock, deliveryTimeoutMs } = cluster.settings
    await retrying(clock, deliveryTimeoutMs, async () => {
      try {
        await member.#heartbeat()
      } catch (error) {
        if (!(error instanceof KafkaError) || error.id !== 'UNRELEASED_INSTANCE_ID') throw error
        // The same name again replaces the former member.
        await member.#evict()
        throw new KafkaError(error.id, error.message, { cause: error, retryable: true })
      }
    })
    member.#publish('joined', [])
    member.#schedule()
    // After the caller has the member in hand, so that its callbacks can use it.
    setImmediate(() => member.#advance())
    return member
  }

  get assignment(): readonly TopicPartition[] {
    return [...this.#owned.values()]
  }

  /** Who this is to the brokers now. */
  get identity(): MemberIdentity {
    return { group: this.group, memberId: this.#memberId, instanceId: this.#instanceId, epoch: this.#epoch }
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    const { clock, deliveryTimeoutMs } = this.#cluster.settings
    try {
      return await retrying(clock, deliveryTimeoutMs, () =>
        fetchOffsets(this.#cluster, this.group, partitions),
      )
    } catch (error) {
      throw heddleError(error, `offsets of group '${this.group}'`)
    }
  }

  async commit(offsets: readonly CommittedOffset[]): Promise<void> {
    for (const offset of offsets) checkOffset(offset)
    try {
      await this.withEpoch(offsets, async ({ epoch }) => {
        const answer = await this.#cluster.requestCoordinator(
          'group',
          this.group,
          this.#lane,
          offsetCommitV9.api,
          this.group,
          epoch,
          this.#memberId,
          this.#instanceId,
          offsetTopics(offsets),
        )
        return answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
      })
    } catch (error) {
      throw heddleError(error, `commit offsets of group '${this.group}'`)
    }
  }

  /**
   * Commits with the member's epoch. The epoch grows when the group changes, also while a request is on its way: it is
   * then sent again with the new one, as long as the partitions are still this member's.
   * @param send Gives the error codes of the answer.
   * @throws HEDDLE_LOG_FENCED, KafkaError
   */
  async withEpoch(
    offsets: readonly TopicPartition[],
    send: (identity: MemberIdentity) => Promise<readonly number[]>,
  ): Promise<void> {
    const { clock, deliveryTimeoutMs } = this.#cluster.settings
    await retrying(clock, deliveryTimeoutMs, async () => {
      this.checkOwned(offsets)
      for (const code of await send(this.identity)) {
        const error = errorOf(code)
        if (error === undefined) continue
        if (error.id === 'STALE_MEMBER_EPOCH' || error.id === 'ILLEGAL_GENERATION') {
          await this.#beat()
          throw new KafkaError(error.id, error.message, { cause: error, retryable: true })
        }
        if (error.retryable) this.#cluster.forgetCoordinator('group', this.group)
        throw error
      }
    })
  }

  /** @throws HEDDLE_LOG_FENCED when one of the partitions is not this member's. */
  checkOwned(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) {
      if (this.#owned.has(keyOf(place))) continue
      const { topic, partition } = place
      throw new HeddleError(
        'HEDDLE_LOG_FENCED',
        `member '${this.member}' of group '${this.group}' does not own partition ${partition} of '${topic}' any more`,
        { info: { group: this.group, member: this.member, topic, partition } },
      )
    }
  }

  async leave(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#walk
    const owned = [...this.#owned.values()]
    try {
      if (owned.length > 0) await this.#options.onRevoked?.(owned)
    } finally {
      await this.#depart()
      if (owned.length > 0) this.#publish('revoked', owned)
      this.#publish('left', [])
    }
  }

  /** Leaves without a word to the user's code: the log is being closed. */
  async abandon(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#depart()
  }

  get #lane(): string {
    return `group-${this.#memberId}`
  }

  async #depart(): Promise<void> {
    this.#timer?.clear()
    await this.#beating
    this.#owned.clear()
    this.#epoch = leaving
    try {
      await this.#send()
    } catch (error) {
      // Then the session times out.
      publish('heddle:log:kafka:background-error', () => ({ task: 'group', error }))
    }
    this.#end()
  }

  #end(): void {
    this.#ended = true
    this.#timer?.clear()
    this.#left(this)
    void this.#cluster.connections.closeLane(this.#lane)
  }

  #schedule(): void {
    this.#timer?.clear()
    const { clock } = this.#cluster.settings
    const waitMs = this.#failures === 0 ? this.#intervalMs : backoffMs(this.#failures)
    // While it leaves it is still heard of, until it has.
    if (this.#epoch !== leaving) this.#timer = clock.after(waitMs, () => void this.#beat())
  }

  /** One heartbeat now; one that is asked for meanwhile follows it. */
  #beat(): Promise<void> {
    if (this.#beating !== undefined) {
      this.#beatAgain = true
      return this.#beating
    }
    this.#beating = this.#beatOnce().finally(() => {
      this.#beating = undefined
      if (this.#beatAgain && this.#epoch !== leaving) {
        this.#beatAgain = false
        void this.#beat()
      } else this.#schedule()
    })
    return this.#beating
  }

  async #beatOnce(): Promise<void> {
    try {
      await this.#heartbeat()
      this.#failures = 0
      this.#advance()
    } catch (error) {
      if (error instanceof KafkaError && replaced.has(error.id)) return this.#lose('fenced')
      if (error instanceof KafkaError && expelled.has(error.id)) return this.#lose('lost')
      this.#failures++
      publish('heddle:log:kafka:background-error', () => ({ task: 'group', error }))
      const { clock } = this.#cluster.settings
      const session = this.#options.sessionTimeoutMs ?? 10_000
      // The coordinator has not heard of this member for so long that its partitions may be another's by now.
      if (this.#owned.size > 0 && clock.now() - this.#lastHeard > session) await this.#lose('lost')
    }
  }

  /** @throws KafkaError */
  async #heartbeat(): Promise<void> {
    const answer = await this.#send()
    this.#epoch = answer.memberEpoch
    this.#intervalMs = answer.heartbeatIntervalMs
    this.#lastHeard = this.#cluster.settings.clock.now()
    if (answer.assignment === null) return
    const target = new Map<string, TopicPartition>()
    for (const { topicId, partitions } of answer.assignment.topicPartitions) {
      const topic = await this.#topicName(topicId)
      // Made a moment ago, or deleted: the next heartbeat tells.
      if (topic === undefined) continue
      for (const partition of partitions) target.set(keyOf({ topic, partition }), { topic, partition })
    }
    this.#target = target
  }

  async #send() {
    const { rebalanceTimeoutMs } = this.#cluster.settings
    const joining = this.#epoch === 0
    const owned = [...Map.groupBy(this.#owned.values(), ({ topic }) => topic)].flatMap(([topic, places]) => {
      const topicId = this.#cluster.knownTopic(topic)?.id
      return topicId === undefined ? [] : [{ topicId, partitions: places.map(({ partition }) => partition) }]
    })
    const answer = await this.#cluster.requestCoordinator(
      'group',
      this.group,
      this.#lane,
      consumerGroupHeartbeatV1.api,
      this.group,
      this.#memberId,
      this.#epoch,
      this.#instanceId,
      null,
      rebalanceTimeoutMs,
      joining ? [...this.#options.topics] : null,
      null,
      null,
      this.#epoch === leaving ? null : owned,
    )
    const error = errorOf(answer.errorCode, answer.errorMessage)
    if (error === undefined) return answer
    if (error.retryable) this.#cluster.forgetCoordinator('group', this.group)
    throw error
  }

  async #topicName(id: string): Promise<string | undefined> {
    const known = this.#cluster.topicById(id)
    if (known !== undefined) return known.name
    for (const topic of this.#options.topics) await this.#cluster.refresh(topic)
    return this.#cluster.topicById(id)?.name
  }

  /** Walks from what is owned to what is assigned: first what goes, then what comes. */
  #advance(): void {
    if (this.#ended || this.#walk !== undefined) return
    this.#walk = this.#walkOn().finally(() => (this.#walk = undefined))
  }

  async #walkOn(): Promise<void> {
    try {
      while (!this.#ended && this.#target !== undefined) {
        const target = this.#target
        const going = [...this.#owned].filter(([key]) => !target.has(key)).map(([, place]) => place)
        const coming = [...target].filter(([key]) => !this.#owned.has(key)).map(([, place]) => place)
        if (going.length === 0 && coming.length === 0) return
        if (going.length > 0) {
          await this.#options.onRevoked?.(going)
          for (const place of going) this.#owned.delete(keyOf(place))
          this.#publish('revoked', going)
        } else {
          for (const place of coming) this.#owned.set(keyOf(place), place)
          this.#publish('assigned', coming)
          await this.#options.onAssigned?.(coming)
        }
        void this.#beat()
      }
    } catch (error) {
      // The user's code could not take or give up partitions: others may.
      publish('heddle:log:kafka:background-error', () => ({ task: 'group', error }))
      if (this.#ended) return
      this.#ended = true
      await this.#depart()
      this.#publish('left', [])
    }
  }

  async #lose(change: 'lost' | 'fenced'): Promise<void> {
    const lost = [...this.#owned.values()]
    this.#owned.clear()
    this.#target = undefined
    this.#epoch = 0
    const ended = this.#ended
    if (change === 'fenced') this.#end()
    this.#publish(change, lost)
    try {
      if (lost.length > 0 && !ended) await this.#options.onLost?.(lost)
    } catch (error) {
      publish('heddle:log:kafka:background-error', () => ({ task: 'group', error }))
    }
    // It joins anew with its next heartbeat.
    if (change === 'lost' && !ended) this.#beatAgain = true
  }

  /** Takes the former holder of the name out of the group. */
  async #evict(): Promise<void> {
    const answer = await this.#cluster.requestCoordinator(
      'group',
      this.group,
      'admin',
      leaveGroupV5.api,
      this.group,
      [{ memberId: '', groupInstanceId: this.#instanceId, reason: `replaced by ${this.#memberId}` }],
    )
    checkCode(answer.errorCode)
    for (const { errorCode } of answer.members) {
      const error = errorOf(errorCode)
      if (error !== undefined && error.id !== 'UNKNOWN_MEMBER_ID') throw error
    }
  }

  #publish(
    change: 'joined' | 'assigned' | 'revoked' | 'lost' | 'fenced' | 'left',
    places: readonly TopicPartition[],
  ): void {
    publish('heddle:log:kafka:group', () => ({
      group: this.group,
      member: this.member,
      change,
      partitions: places.map(keyOf),
    }))
  }
}

/** @throws HEDDLE_LOG_RECORD_INVALID */
function checkOffset({ offset, metadata = '' }: CommittedOffset): void {
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new HeddleError('HEDDLE_LOG_RECORD_INVALID', `${offset} is not an offset`)
  if (metadata.length > 4096)
    throw new HeddleError(
      'HEDDLE_LOG_RECORD_INVALID',
      `metadata of an offset has ${metadata.length} characters, and at most 4096 are kept`,
    )
}
