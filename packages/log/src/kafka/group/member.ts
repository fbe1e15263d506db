/**
 * A membership of a group, by whichever protocol: keeps it alive, and walks from what is owned to what is assigned.
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
import { publish } from '../channels.ts'
import type { Cluster } from '../client/cluster.ts'
import { backoffMs, retrying } from '../client/retry.ts'
import { KafkaError, errorOf, heddleError } from '../errors.ts'
import type { MemberIdentity } from '../wire/transaction.ts'
import { fetchOffsets } from './offsets.ts'
import type { GroupProtocol, Membership } from './protocol.ts'

/** As in the embedded log. Kafka's own is 45 s. */
export const defaultSessionTimeoutMs = 10_000

/** The coordinator no longer knows the member: its partitions are another's. */
const expelled = new Set(['UNKNOWN_MEMBER_ID', 'FENCED_MEMBER_EPOCH', 'ILLEGAL_GENERATION'])

/** The offsets came with an epoch or generation that is over. */
const outdated = new Set(['STALE_MEMBER_EPOCH', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'])

/** Another has taken the name. */
const replaced = new Set(['UNRELEASED_INSTANCE_ID', 'FENCED_INSTANCE_ID'])

/**
 * How long offsets may be unstable, in ms, before it is looked why: the end of a transaction takes milliseconds to reach them, and
 * whoever lives and has left one open after a loss of brokers ends it within moments.
 */
const hangingMs = 5_000

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

export interface MemberHooks {
  readonly left: (member: KafkaMember) => void
  /** Ends transactions that brokers have left open in the offsets of a group. */
  readonly endHanging: (group: string) => Promise<void>
}

export class KafkaMember implements GroupMember {
  readonly group: string
  #member: string
  readonly #cluster: Cluster
  readonly #options: GroupOptions
  readonly #protocol: GroupProtocol
  readonly #hooks: MemberHooks
  readonly #owned = new Map<string, TopicPartition>()
  #target: Map<string, TopicPartition> | undefined
  #failures = 0
  #timer: Timer | undefined
  #beating: Promise<void> | undefined
  #beatAgain = false
  /** The user's code is called once at a time, in order. */
  #calls: Promise<void> = Promise.resolve()
  #walking = false
  /** How often all was lost: a walk that was begun before ends there. */
  #losses = 0
  #lastHeard: number
  #ended = false
  /** It has said, or is saying, its last word. */
  #departed = false

  private constructor(
    cluster: Cluster,
    options: GroupOptions,
    speak: (membership: Membership) => GroupProtocol,
    hooks: MemberHooks,
  ) {
    this.group = options.group
    this.#member = options.member ?? ''
    this.#cluster = cluster
    this.#options = options
    this.#hooks = hooks
    this.#lastHeard = cluster.settings.clock.now()
    this.#protocol = speak({
      cluster,
      group: options.group,
      topics: options.topics,
      instanceId: options.member ?? null,
      sessionTimeoutMs: options.sessionTimeoutMs ?? defaultSessionTimeoutMs,
      lane: `group-${crypto.randomUUID()}`,
      owned: () => this.assignment,
      settle: () => {
        for (const key of this.#target?.keys() ?? []) if (!this.#owned.has(key)) this.#target!.delete(key)
      },
    })
  }

  /** @param speak Gives the protocol that the member is to speak. */
  static async join(
    cluster: Cluster,
    options: GroupOptions,
    speak: (membership: Membership) => GroupProtocol,
    hooks: MemberHooks,
  ): Promise<KafkaMember> {
    const member = new KafkaMember(cluster, options, speak, hooks)
    const { clock, deliveryTimeoutMs } = cluster.settings
    try {
      await retrying(clock, deliveryTimeoutMs, async () => member.#heard(await member.#protocol.enter()))
    } catch (error) {
      member.#protocol.close()
      throw error
    }
    member.#publish('joined', [])
    // After the caller has the member in hand, so that its callbacks can use it.
    setImmediate(() => {
      member.#advance()
      void member.#beat()
    })
    return member
  }

  /** The name that it was given, or the one that the brokers know it by. */
  get member(): string {
    return this.#member
  }

  get assignment(): readonly TopicPartition[] {
    return [...this.#owned.values()]
  }

  /** Who this is to the brokers now. */
  get identity(): MemberIdentity {
    return this.#protocol.identity
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    const { clock, deliveryTimeoutMs } = this.#cluster.settings
    let unstableFrom: number | undefined
    try {
      return await retrying(clock, deliveryTimeoutMs, async () => {
        try {
          return await fetchOffsets(this.#cluster, this.group, partitions)
        } catch (error) {
          if (error instanceof KafkaError && error.id === 'UNSTABLE_OFFSET_COMMIT') {
            unstableFrom ??= clock.now()
            if (clock.now() - unstableFrom > hangingMs) await this.#hooks.endHanging(this.group)
          }
          throw error
        }
      })
    } catch (error) {
      throw heddleError(error, `offsets of group '${this.group}'`)
    }
  }

  async commit(offsets: readonly CommittedOffset[]): Promise<void> {
    for (const offset of offsets) checkOffset(offset)
    try {
      await this.withEpoch(offsets, () => this.#protocol.commit(offsets))
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
        if (outdated.has(error.id)) {
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
    await this.#calls
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

  async #depart(): Promise<void> {
    this.#timer?.clear()
    this.#departed = true
    this.#protocol.interrupt()
    await this.#beating
    this.#owned.clear()
    try {
      await this.#protocol.leave()
    } catch (error) {
      // Then the session times out.
      publish('heddle:log:kafka:background-error', () => ({ task: 'group', error }))
    }
    this.#end()
  }

  #end(): void {
    this.#ended = true
    this.#timer?.clear()
    this.#departed = true
    this.#hooks.left(this)
    this.#protocol.close()
  }

  #schedule(): void {
    this.#timer?.clear()
    const { clock } = this.#cluster.settings
    const waitMs = this.#failures === 0 ? this.#protocol.intervalMs : backoffMs(this.#failures)
    // While it leaves it is still heard of, until it has.
    if (!this.#departed) this.#timer = clock.after(waitMs, () => void this.#beat())
  }

  /** One heartbeat now; one that is asked for meanwhile follows it. */
  #beat(): Promise<void> {
    if (this.#beating !== undefined) {
      this.#beatAgain = true
      return this.#beating
    }
    this.#beating = this.#beatOnce().finally(() => {
      this.#beating = undefined
      if (this.#beatAgain && !this.#departed) {
        this.#beatAgain = false
        void this.#beat()
      } else this.#schedule()
    })
    return this.#beating
  }

  async #beatOnce(): Promise<void> {
    try {
      this.#heard(await this.#protocol.beat())
      this.#failures = 0
      this.#advance()
    } catch (error) {
      if (error instanceof KafkaError && replaced.has(error.id)) return this.#lose('fenced')
      if (error instanceof KafkaError && expelled.has(error.id)) return this.#lose('lost')
      this.#failures++
      publish('heddle:log:kafka:background-error', () => ({ task: 'group', error }))
      const { clock } = this.#cluster.settings
      const session = this.#options.sessionTimeoutMs ?? defaultSessionTimeoutMs
      // The coordinator has not heard of this member for so long that its partitions may be another's by now.
      if (this.#owned.size > 0 && clock.now() - this.#lastHeard > session) this.#lose('lost')
    }
  }

  /** @param assigned `undefined` when nothing is new. */
  #heard(assigned: readonly TopicPartition[] | undefined): void {
    this.#lastHeard = this.#cluster.settings.clock.now()
    this.#member = this.#options.member ?? this.identity.memberId
    if (assigned !== undefined) this.#target = new Map(assigned.map((place) => [keyOf(place), place]))
  }

  /** Walks from what is owned to what is assigned: first what goes, then what comes. */
  #advance(): void {
    if (this.#ended || this.#walking) return
    this.#walking = true
    this.#calls = this.#calls.then(() => this.#walkOn()).finally(() => (this.#walking = false))
  }

  async #walkOn(): Promise<void> {
    const losses = this.#losses
    const over = (): boolean => this.#ended || this.#losses !== losses
    try {
      while (!over() && this.#target !== undefined) {
        const target = this.#target
        const going = [...this.#owned].filter(([key]) => !target.has(key)).map(([, place]) => place)
        const coming = [...target].filter(([key]) => !this.#owned.has(key)).map(([, place]) => place)
        if (going.length === 0 && coming.length === 0) return
        if (going.length > 0) {
          await this.#options.onRevoked?.(going)
          if (this.#losses !== losses) return
          for (const place of going) this.#owned.delete(keyOf(place))
          this.#protocol.moved('revoked')
          this.#publish('revoked', going)
        } else {
          for (const place of coming) this.#owned.set(keyOf(place), place)
          this.#protocol.moved('assigned')
          this.#publish('assigned', coming)
          await this.#options.onAssigned?.(coming)
        }
        void this.#beat()
      }
    } catch (error) {
      // The user's code could not take or give up partitions: others may.
      publish('heddle:log:kafka:background-error', () => ({ task: 'group', error }))
      // Or it could not, since they were lost meanwhile.
      if (over()) return
      this.#ended = true
      await this.#depart()
      this.#publish('left', [])
    }
  }

  /** The user's code hears of it after what it is doing now, and before it is given anything else. */
  #lose(change: 'lost' | 'fenced'): void {
    const lost = [...this.#owned.values()]
    this.#owned.clear()
    this.#target = undefined
    this.#losses++
    this.#protocol.reset()
    const ended = this.#ended
    if (change === 'fenced') this.#end()
    this.#publish(change, lost)
    this.#calls = this.#calls.then(async () => {
      try {
        if (lost.length > 0 && !ended) await this.#options.onLost?.(lost)
      } catch (error) {
        publish('heddle:log:kafka:background-error', () => ({ task: 'group', error }))
      }
      this.#advance()
    })
    // It joins anew with its next heartbeat.
    if (change === 'lost' && !ended) this.#beatAgain = true
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
