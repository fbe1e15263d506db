import {
  type Clock,
  type GroupMember,
  HeddleError,
  type PlanSettings,
  type TopicPartition,
  isHeddleError,
  sleep,
} from '@heddle/core'
import { Bell } from '../../local/bell.ts'
import type { Ingest } from '../../local/ingest.ts'
import type { Lane } from '../../local/lane.ts'
import type { Settings } from '../../local/options.ts'
import { retryDelay } from '../../local/retry-delay.ts'
import { type Root, type RootOwner, failAll } from '../../local/root.ts'

/** A timeout is noticed late by at most this share of it. */
const timeoutChecks = 8

/** How long a partition that moves to another task may take to be done, in milliseconds: half of the usual session. */
const revokeMs = 5000

/** At this share of what may be pending reading goes on, so that it is not done by single events. */
const resumeShare = 0.5

export interface TopicReaderContext {
  readonly clock: Clock
  readonly settings: Settings
  readonly plan: PlanSettings
  readonly ingest: Ingest
  /** Sends what was emitted, without others. */
  readonly flush: () => void
  /** What is done was committed, as every now and then. */
  readonly committed: () => Promise<void>
  readonly report: (error: unknown) => void
}

/**
 * Reads a topic as one member of a group. An event is done when all that came of it is; how far all are done is committed, with
 * those that are not behind it. What failed, or is not done in time, is read again by its offset.
 */
export class TopicReader implements RootOwner {
  readonly #context: TopicReaderContext
  readonly #bell = new Bell()
  readonly #stopped = new AbortController()
  readonly #broken = Promise.withResolvers<never>()
  #member: GroupMember | undefined
  #pending = 0
  #full = false
  #committing: Promise<void> = Promise.resolve()

  constructor(context: TopicReaderContext) {
    this.#context = context
    this.#broken.promise.catch(() => {})
  }

  /** Reads no more: `run` ends when what is under way is done and committed. */
  stop(): void {
    this.#stopped.abort()
    this.#context.ingest.interrupt()
    this.#bell.ring()
  }

  /**
   * Reads until it is stopped, all is done, and that is committed.
   *
   * @param join Joins the group.
   * @throws When it cannot go on, because the group gave its partitions to another.
   */
  async run(join: (handlers: Handlers) => Promise<GroupMember>): Promise<void> {
    this.#member = await join({
      onAssigned: (partitions) => this.#assigned(partitions),
      onRevoked: (partitions) => this.#revoked(partitions),
      onLost: (partitions) =>
        this.#broken.reject(
          new HeddleError('HEDDLE_LOG_FENCED', `${partitions.length} partitions were lost`),
        ),
    })
    await this.#assigned(this.#member.assignment)
    await this.#tried(() => this.#context.committed())
    try {
      await Promise.race([
        Promise.all([this.#readLoop(), this.#commitLoop(), this.#timeoutLoop()]),
        this.#broken.promise,
      ])
      while (this.#pending > this.#toReplay()) await Promise.race([this.#bell.wait(), this.#broken.promise])
      await Promise.race([this.#commit(), this.#broken.promise])
    } finally {
      this.#stopped.abort()
      const { ingest } = this.#context
      for (const lane of ingest.lanes) for (const root of lane.roots()) root.dead = true
      await this.#member.leave().catch(this.#context.report)
      ingest.remove([...ingest.lanes])
    }
  }

  begun(): void {
    this.#pending++
  }

  done(root: Root): void {
    if (!root.counted) return
    this.#pending--
    this.#context.ingest.lane(root.place!)?.finished(root.place!.record.offset)
    this.#bell.ring()
  }

  failed(root: Root): void {
    const { ingest } = this.#context
    ingest.lane(root.place!)?.replays.push(root.place!.record.offset)
    ingest.interrupt()
    this.#bell.ring()
  }

  /** How many wait to be read again; what is not by the end is done by whoever reads next. */
  #toReplay(): number {
    let sum = 0
    for (const { replays } of this.#context.ingest.lanes) sum += replays.length
    return sum
  }

  async #assigned(partitions: readonly TopicPartition[]): Promise<void> {
    // The first ones come before the membership is there, which is asked for what was committed.
    if (!this.#member || partitions.length === 0) return
    await this.#context.ingest.add(partitions, this.#member)
    this.#context.ingest.interrupt()
    this.#bell.ring()
  }

  async #revoked(partitions: readonly TopicPartition[]): Promise<void> {
    const { ingest, clock } = this.#context
    const lanes = partitions.map((place) => ingest.lane(place)).filter((lane) => lane !== undefined)
    for (const lane of lanes) lane.reading = false
    ingest.interrupt()
    const until = clock.now() + revokeMs
    const timer = clock.after(revokeMs, () => this.#bell.ring())
    const waits = (): boolean => clock.now() < until && lanes.some(({ unfinished }) => unfinished > 0)
    while (waits()) await this.#bell.wait()
    timer.clear()
    await this.#commit()
    for (const lane of lanes) {
      for (const root of lane.roots()) root.dead = true
      this.#pending -= lane.unfinished
    }
    ingest.remove(partitions)
    this.#bell.ring()
  }

  async #readLoop(): Promise<void> {
    const { ingest, settings, plan } = this.#context
    const stopped = this.#stopped.signal
    const going = (): boolean => !stopped.aborted && this.#pending < plan.maxPending
    while (!stopped.aborted) {
      await this.#replay()
      if (!this.#mayRead()) {
        await this.#bell.wait()
        continue
      }
      const fetched = await this.#tried(() =>
        ingest.read(plan.maxPending - this.#pending, settings.readWaitMs),
      )
      await ingest.emitAll(fetched ?? [], this, going)
    }
  }

  #mayRead(): boolean {
    const { ingest, plan } = this.#context
    this.#full = this.#pending >= plan.maxPending * (this.#full ? resumeShare : 1)
    return !this.#full && !ingest.empty && !this.#stopped.signal.aborted
  }

  /** Reads again what failed, each by itself: what fails again takes nothing else with it. */
  async #replay(): Promise<void> {
    const { ingest, clock, flush } = this.#context
    for (const lane of ingest.lanes) {
      while (lane.replays.length > 0 && !this.#stopped.signal.aborted) {
        const offset = lane.replays[0]!
        const record = await this.#tried(async () => ({ found: await ingest.readAgain(lane, offset) }))
        if (!record) return
        lane.replays.shift()
        if (lane.closed) break
        // Its place is taken again if it is not done at once.
        this.#pending--
        const before = this.#pending
        if (record.found) ingest.emit(lane, record.found, this, clock.now())
        flush()
        if (this.#pending === before) lane.finished(offset)
      }
    }
  }

  async #commitLoop(): Promise<void> {
    const { clock, plan } = this.#context
    const stopped = this.#stopped.signal
    while (!stopped.aborted) {
      await sleep(clock, plan.commitIntervalMs, stopped)
      if (stopped.aborted) return
      await this.#commit()
      await this.#tried(() => this.#context.committed())
    }
  }

  #commit(): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitNow())
    return this.#committing
  }

  async #commitNow(): Promise<void> {
    const lanes: [Lane, NonNullable<ReturnType<Lane['progress']>>][] = []
    for (const lane of this.#context.ingest.lanes) {
      const progress = lane.progress()
      if (progress) lanes.push([lane, progress])
    }
    if (lanes.length === 0) return
    await this.#tried(() => this.#member!.commit(lanes.map(([, progress]) => progress)))
    for (const [lane, progress] of lanes) lane.committed(progress)
  }

  async #timeoutLoop(): Promise<void> {
    const { clock, plan, ingest } = this.#context
    const stopped = this.#stopped.signal
    // Also while it stops: what is not done in time is not waited for any longer.
    while (!stopped.aborted || this.#pending > this.#toReplay()) {
      await sleep(clock, plan.messageTimeoutMs / timeoutChecks, stopped.aborted ? undefined : stopped)
      const before = clock.now() - plan.messageTimeoutMs
      const late: Root[] = []
      for (const lane of ingest.lanes)
        for (const root of lane.roots()) if (root.startedAt <= before) late.push(root)
      failAll(late, new HeddleError('HEDDLE_TUPLE_TIMEOUT', `${plan.messageTimeoutMs} ms`))
    }
  }

  /**
   * Tries until it works; `undefined` when it was stopped meanwhile.
   * @throws What another attempt does not help against.
   */
  async #tried<T>(action: () => Promise<T>): Promise<T | undefined> {
    const { clock, settings, report } = this.#context
    for (let attempts = 1; ; attempts++) {
      try {
        return await action()
      } catch (error) {
        if (!isHeddleError(error) || error.kind !== 'retryable') throw error
        report(error)
        await sleep(clock, retryDelay(settings.restart, attempts, settings.random), this.#stopped.signal)
        if (this.#stopped.signal.aborted) return undefined
      }
    }
  }
}

/** What the group tells a member. */
export interface Handlers {
  readonly onAssigned: (partitions: readonly TopicPartition[]) => Promise<void>
  readonly onRevoked: (partitions: readonly TopicPartition[]) => Promise<void>
  readonly onLost: (partitions: readonly TopicPartition[]) => void
}
