import {
  type Clock,
  type CommittedOffset,
  type GroupMember,
  type GroupOptions,
  type Timer,
  type TopicPartition,
} from '@heddle/core'
import { type GroupMessage, publish } from '../channels.ts'
import type { Committer } from '../commit/committer.ts'
import type { Topics } from '../topic/topics.ts'
import type { Tree } from '../tree.ts'
import { checkOffset, checkOwner, readOffset, writeOffsets } from './group-state.ts'
import { type Membership, type Owned, beat, join, leave, someoneIsGone, step } from './membership.ts'

export interface MemberContext {
  readonly path: string
  readonly tree: Tree
  readonly clock: Clock
  readonly committer: Committer
  readonly topics: Topics
  /** No other process can have the log open. */
  readonly alone: boolean
  /** Throws when the log is closed. */
  readonly open: () => void
  readonly left: (member: EmbeddedMember) => void
}

/** As in Kafka: long enough for a pause of the process, short enough to notice its end. */
const sessionTimeoutMs = 10_000

/** Where no other process can have the log open, a member that is not heard of is only busy. */
const forEver = Number.MAX_SAFE_INTEGER

/** When a step towards the assignment could not be committed, the next attempt is this much later, in milliseconds. */
const retryMs = 1000

/** How often to look whether the process of another member still lives: a system call or two for each. */
const lookMs = 250

export class EmbeddedMember implements GroupMember {
  readonly group: string
  readonly member: string
  readonly #context: MemberContext
  readonly #options: GroupOptions
  readonly #membership: Membership
  #epoch = 0
  #version = 0
  #owned: readonly Owned[] = []
  #timer: Timer | undefined
  #retry: Timer | undefined
  /** It has left, or is leaving: it takes nothing any more. */
  #ended = false
  /** The walk towards the target assignment, while it goes on. */
  #walk: Promise<void> | undefined
  #again = false
  /** While the user's code gives partitions up, nothing is heard of this member, so that it cannot take for ever. */
  #revoking = false

  private constructor(context: MemberContext, options: GroupOptions) {
    this.group = options.group
    this.member = options.member ?? crypto.randomUUID()
    this.#context = context
    this.#options = options
    this.#membership = {
      group: this.group,
      member: this.member,
      topics: options.topics,
      sessionTimeoutMs: options.sessionTimeoutMs ?? (context.alone ? forEver : sessionTimeoutMs),
    }
  }

  /** Enters the group. What is assigned comes to `onAssigned` after this has resolved. */
  static async join(context: MemberContext, options: GroupOptions): Promise<EmbeddedMember> {
    const member = new EmbeddedMember(context, options)
    member.#epoch = await context.committer.run((transaction) => join(transaction, member.#membership))
    member.#publish('joined', [])
    member.#scheduleBeat()
    // After the caller has the member in hand, so that its callbacks can use it.
    setImmediate(() => member.advance())
    return member
  }

  get assignment(): readonly TopicPartition[] {
    return this.#owned.map(({ topic, partition }) => ({ topic, partition }))
  }

  /** Changes with each membership; what was buffered under another is fenced. */
  get epoch(): number {
    return this.#epoch
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    this.#context.open()
    const { tree, topics } = this.#context
    return partitions
      .map((place) => readOffset(tree, this.group, topics.get(place.topic).id, place))
      .filter((offset) => offset !== undefined)
  }

  async commit(offsets: readonly CommittedOffset[]): Promise<void> {
    this.#context.open()
    const { committer, topics } = this.#context
    for (const offset of offsets) checkOffset(offset)
    const { group, member } = this
    const epoch = this.#epoch
    await committer.run((transaction) => {
      checkOwner(transaction, topics, { group, member, epoch }, offsets)
      writeOffsets(transaction, topics, group, offsets)
    })
  }

  async leave(): Promise<void> {
    if (this.#ended) return
    await this.#finish(true)
  }

  /** Leaves without a word to the user's code: the log is being closed. */
  async abandon(): Promise<void> {
    if (!this.#ended) await this.#finish(false)
  }

  /** The group, its topics or the members' lives may have changed: goes where that leads. */
  advance(): void {
    if (this.#ended) return
    if (this.#walk !== undefined) {
      this.#again = true
      return
    }
    this.#walk = this.#walkOn().finally(() => {
      this.#walk = undefined
      if (this.#again) {
        this.#again = false
        this.advance()
      }
    })
  }

  /** Goes on when the group is not as this member last saw it. */
  noticed(version: number): void {
    if (version !== this.#version) this.advance()
  }

  async #walkOn(): Promise<void> {
    const { committer, topics } = this.#context
    let release: readonly Owned[] = []
    try {
      while (!this.#ended) {
        const released = release
        const standing = await committer.run((transaction) =>
          step(transaction, topics, this.#membership, this.#epoch, released),
        )
        this.#version = standing.version
        if (standing.expired.length > 0) this.#publish('expired', [], standing.expired)
        if (standing.state !== 'member') {
          await this.#lose(standing.state)
          release = []
          continue
        }
        await this.#take(standing.owned)
        if (standing.revoke.length === 0 || this.#hasEnded()) return
        await this.#giveUp(standing.revoke)
        release = standing.revoke
      }
    } catch (error) {
      publish('heddle:log:background-error', () => ({ path: this.#context.path, task: 'group', error }))
      if (!this.#ended) this.#retry = this.#context.clock.after(retryMs, () => this.advance())
    }
  }

  async #take(owned: readonly Owned[]): Promise<void> {
    const former = new Set(this.#owned.map(({ key }) => key))
    const taken = owned.filter(({ key }) => !former.has(key))
    const still = new Set(owned.map(({ key }) => key))
    this.#owned = [...this.#owned.filter(({ key }) => still.has(key)), ...taken]
    if (taken.length === 0) return
    this.#publish('assigned', taken)
    await this.#call(this.#options.onAssigned, taken)
  }

  async #giveUp(revoke: readonly Owned[]): Promise<void> {
    this.#revoking = true
    try {
      await this.#call(this.#options.onRevoked, revoke)
    } finally {
      this.#revoking = false
    }
    const gone = new Set(revoke.map(({ key }) => key))
    this.#owned = this.#owned.filter(({ key }) => !gone.has(key))
    this.#publish('revoked', revoke)
  }

  async #lose(state: 'replaced' | 'expired'): Promise<void> {
    const lost = this.#owned
    this.#owned = []
    if (state === 'replaced') this.#end()
    if (lost.length > 0) {
      this.#publish('lost', lost)
      await this.#options.onLost?.(places(lost))
    }
    if (this.#ended) return
    this.#epoch = await this.#context.committer.run((transaction) => join(transaction, this.#membership))
    this.#publish('joined', [])
  }

  /** Calls the user's code; a throw leaves the group. */
  async #call(
    callback: ((partitions: readonly TopicPartition[]) => Promise<void> | void) | undefined,
    partitions: readonly Owned[],
  ): Promise<void> {
    try {
      await callback?.(places(partitions))
    } catch (error) {
      this.#end()
      this.#owned = []
      await this.#context.committer.run((transaction) => leave(transaction, this.#membership, this.#epoch))
      throw error
    }
  }

  async #finish(tell: boolean): Promise<void> {
    this.#end()
    await this.#walk
    const owned = this.#owned
    if (tell && owned.length > 0) await this.#options.onRevoked?.(places(owned))
    this.#owned = []
    await this.#context.committer.run((transaction) => leave(transaction, this.#membership, this.#epoch))
    this.#publish('left', owned)
  }

  #end(): void {
    this.#ended = true
    this.#timer?.clear()
    this.#retry?.clear()
    this.#context.left(this)
  }

  /** A method, since the type checker takes a field for unchanged across an await. */
  #hasEnded(): boolean {
    return this.#ended
  }

  /** Looks after the group in turns: says often enough that this member lives, and sees soon when another one has died. */
  #scheduleBeat(lastBeat = this.#context.clock.now()): void {
    const { clock, tree, alone } = this.#context
    const { sessionTimeoutMs: ms } = this.#membership
    if (ms === forEver) return
    const beatMs = ms / 3
    this.#timer = clock.after(alone ? beatMs : Math.min(beatMs, lookMs), () => {
      const due = clock.now() - lastBeat >= beatMs
      this.#scheduleBeat(due ? clock.now() : lastBeat)
      if (due) this.#beat()
      else if (this.#walk === undefined && someoneIsGone(tree, this.group)) this.advance()
    })
  }

  #beat(): void {
    const { committer, path } = this.#context
    if (this.#revoking) return
    if (this.#walk === undefined) return this.advance()
    committer
      .run((transaction) => beat(transaction, this.#membership, this.#epoch))
      .catch((error: unknown) =>
        publish('heddle:log:background-error', () => ({ path, task: 'group', error })),
      )
  }

  #publish(
    change: GroupMessage['change'],
    partitions: readonly TopicPartition[],
    members: readonly string[] = [this.member],
  ): void {
    for (const member of members)
      publish('heddle:log:group', () => ({
        path: this.#context.path,
        group: this.group,
        member,
        change,
        partitions: partitions.map(({ topic, partition }) => `${topic}/${partition}`),
      }))
  }
}

const places = (owned: readonly Owned[]): TopicPartition[] =>
  owned.map(({ topic, partition }) => ({ topic, partition }))
