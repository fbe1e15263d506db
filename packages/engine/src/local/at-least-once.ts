import { HeddleError, type LogRecord, type TopicPartition, isHeddleError, sleep } from '@heddle/core'
import { Bell } from './bell.ts'
import { timeoutChannel } from './channels.ts'
import { Committer, type Snapshot, isEmpty } from './committer.ts'
import type { Ground, Processing } from './ground.ts'
import type { Lane } from './lane.ts'
import { Occasions, timeSources } from './occasions.ts'
import { retryDelay } from './retry-delay.ts'
import { Root, type RootOwner, failAll } from './root.ts'
import type { SpoutDriver } from './spout-driver.ts'

/** A timeout is noticed late by at most this share of it. */
const timeoutChecks = 8

/** How long a partition that moves to another member may take to be done, in milliseconds: half of the usual session. */
const revokeMs = 5000

/** What event time comes to is told again and again. */
const nobody: RootOwner = { begun() {}, done() {}, failed() {} }

const noOutputs = new Map<string, never>()

/**
 * Tuple trees, as in Storm: an event is done when all that came of it is done and what it put out is durable. What is not
 * done in time is read again by its offset.
 *
 * A commit takes offsets and state as they are at one moment, and waits until what was under way at that moment is done:
 * so nothing that state has forgotten can still be on its way out.
 */
export class AtLeastOnce implements Processing, RootOwner {
  readonly #ground: Ground
  readonly #spouts: readonly SpoutDriver[]
  readonly #occasions: Occasions
  readonly #committer: Committer
  readonly #bell = new Bell()
  /** Rings when something was read, or no more will be. */
  readonly #read = new Bell()
  /** Something was read since the last commit began. */
  #stirred = false
  readonly #stopped = new AbortController()
  readonly #ready = Promise.withResolvers<void>()
  readonly #broken = Promise.withResolvers<never>()
  #aborted = false
  #pending = 0
  #paused = false
  /** The limits were reached: reading goes on when there is room for more than a little. */
  #full = false
  /** A commit of state waits for what was under way. */
  #waiting = false
  /** Events that were done at the last commit. */
  #committed = 0
  /** Commits go one after the other. */
  #committing: Promise<void> = Promise.resolve()

  constructor(ground: Ground, spouts: readonly SpoutDriver[]) {
    this.#ground = ground
    this.#spouts = spouts
    this.#occasions = new Occasions(ground, () => timeSources(ground, spouts))
    this.#committer = new Committer(ground, this.#occasions.wanted)
    this.#broken.promise.catch(() => {})
  }

  get pending(): number {
    return this.#spouts.reduce((sum, { pending }) => sum + pending, this.#pending)
  }

  get ready(): Promise<void> {
    return this.#ready.promise
  }

  async run(): Promise<void> {
    const stopped = this.#stopped.signal
    const work = [this.#readLoop(), this.#commitLoop(), this.#timeoutLoop()]
    for (const spout of this.#spouts) work.push(spout.run(stopped))
    await Promise.race([Promise.all(work), this.#broken.promise])
    while (this.pending > this.#toReplay()) await Promise.race([this.#bell.wait(), this.#broken.promise])
    await Promise.race([this.#commit(), this.#broken.promise])
  }

  /** How many failed and wait to be read again; what is not by the end is done by the next run. */
  #toReplay(): number {
    let sum = 0
    for (const { replays } of this.#ground.ingest.lanes) sum += replays.length
    return sum
  }

  stop(): void {
    this.#stopped.abort()
    this.#read.ring()
    this.#ground.ingest.interrupt()
    this.#bell.ring()
  }

  /** Offsets tell for each event whether it is done. State does not, so that it waits for all, or is not committed. */
  async salvage(): Promise<void> {
    const { states } = this.#ground
    if (this.#waiting || this.#occasions.wanted || states.some(({ changed }) => changed)) return
    await this.#commit()
  }

  abort(error: unknown): void {
    this.#aborted = true
    this.#broken.reject(error)
    for (const lane of this.#ground.ingest.lanes) for (const root of lane.roots()) root.dead = true
    this.#occasions.abort(error)
    this.stop()
  }

  pause(): void {
    this.#paused = true
    for (const spout of this.#spouts) spout.pause()
    this.#ground.ingest.interrupt()
  }

  resume(): void {
    this.#paused = false
    for (const spout of this.#spouts) spout.resume()
    this.#bell.ring()
  }

  wake(): void {
    this.#bell.ring()
  }

  assigned(partitions: readonly TopicPartition[]): void {
    this.#ground.ingest.add(partitions, this.#ground.member!).then(
      () => {
        if (partitions.length > 0) this.#ready.resolve()
        this.#ground.ingest.interrupt()
        this.#bell.ring()
      },
      (error: unknown) => this.abort(error),
    )
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    if (this.#aborted) return
    const { ingest, clock } = this.#ground
    const lanes = partitions.map((place) => ingest.lane(place)).filter((lane) => lane !== undefined)
    for (const lane of lanes) lane.reading = false
    ingest.interrupt()
    const until = clock.now() + revokeMs
    const timer = clock.after(revokeMs, () => this.#bell.ring())
    const waits = (): boolean => clock.now() < until && lanes.some(({ unfinished }) => unfinished > 0)
    while (!this.#aborted && waits()) await this.#bell.wait()
    timer.clear()
    await this.#commit()
    for (const lane of lanes) {
      for (const root of lane.roots()) root.dead = true
      this.#pending -= lane.unfinished
    }
    ingest.remove(partitions)
    this.#bell.ring()
  }

  begun(): void {
    this.#pending++
  }

  done(root: Root): void {
    const { stats, ingest, clock } = this.#ground
    const { topic, record } = root.place!
    stats.completed++
    ingest.acked(topic)
    if (!root.counted) return
    stats.completedMs += clock.now() - root.startedAt
    this.#pending--
    ingest.lane(root.place!)?.finished(record.offset)
    this.#bell.ring()
  }

  failed(root: Root): void {
    const { topic, partition, record } = root.place!
    const { ingest, network, topology } = this.#ground
    ingest.failed(topic)
    network.abandon(root)
    if (timeoutChannel.hasSubscribers)
      timeoutChannel.publish({ topology: topology.name, topic, partition, offset: record.offset })
    ingest.lane(root.place!)?.replays.push(record.offset)
    ingest.interrupt()
    this.#bell.ring()
  }

  async #readLoop(): Promise<void> {
    const { ingest, settings, topology, network } = this.#ground
    const { maxPending } = topology.plan.settings
    const going = (): boolean =>
      !this.#stopped.signal.aborted &&
      !this.#paused &&
      this.#pending < maxPending &&
      network.queued < settings.maxQueuedTuples
    while (!this.#stopped.signal.aborted) {
      await this.#replay()
      if (!this.#mayRead()) {
        await this.#bell.wait()
        continue
      }
      const fetched = await ingest.read(maxPending - this.#pending, settings.readWaitMs)
      if (fetched.length > 0) this.#stir()
      await ingest.emitAll(fetched, this, going)
      if (fetched.length > 0) this.#stir()
    }
  }

  /** Something has come, of which a commit that is under way may have seen nothing, or a part. */
  #stir(): void {
    this.#stirred = true
    this.#read.ring()
  }

  #mayRead(): boolean {
    const { ingest, settings, topology, network, congested } = this.#ground
    const share = this.#full ? 0.5 : 1
    this.#full =
      this.#pending >= topology.plan.settings.maxPending * share ||
      network.queued >= settings.maxQueuedTuples * share
    return !this.#full && !this.#paused && !ingest.empty && !congested()
  }

  /** Reads again what failed. */
  async #replay(): Promise<void> {
    const { ingest, clock } = this.#ground
    for (const lane of ingest.lanes) {
      while (lane.replays.length > 0 && !this.#stopped.signal.aborted) {
        const offset = lane.replays.shift()!
        const record = await ingest.readAgain(lane, offset)
        if (lane.closed) break
        // Its place is taken again if it is not done at once.
        this.#pending--
        if (record) this.#emitAgain(lane, record, clock.now())
        else lane.finished(offset)
      }
    }
    this.#bell.ring()
  }

  #emitAgain(lane: Lane, record: LogRecord, now: number): void {
    const pending = this.#pending
    this.#ground.ingest.emit(lane, record, this, now)
    if (this.#pending === pending) lane.finished(record.offset)
  }

  async #commitLoop(): Promise<void> {
    const { clock, topology } = this.#ground
    const { commitIntervalMs } = topology.plan.settings
    const stopped = this.#stopped.signal
    while (!stopped.aborted) {
      await sleep(clock, commitIntervalMs, stopped)
      if (stopped.aborted) return
      await this.#commit()
      await this.#rest()
    }
  }

  /** Where nothing happens, there is nothing to commit until something does, or is due. */
  async #rest(): Promise<void> {
    const { clock, topology, stats } = this.#ground
    const restMs = this.#occasions.restMs - topology.plan.settings.commitIntervalMs
    if (this.#stopped.signal.aborted || this.#spouts.length > 0 || this.#stirred) return
    if (this.pending > 0 || stats.completed !== this.#committed || restMs <= 0) return
    const timer = Number.isFinite(restMs) ? clock.after(restMs, () => this.#read.ring()) : undefined
    await this.#read.wait()
    timer?.clear()
  }

  #commit(): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitNow())
    return this.#committing
  }

  async #commitNow(): Promise<void> {
    if (this.#aborted) return
    const { topology } = this.#ground
    this.#committed = this.#ground.stats.completed
    this.#stirred = false
    await this.#occasions.pass(topology.plan.settings.messageTimeoutMs)
    this.#announce()
    const snapshot = this.#committer.snapshot()
    if (isEmpty(snapshot)) return
    if (snapshot.state) await this.#untilDone()
    await this.#persist(snapshot)
  }

  #announce(): void {
    const { announcer, appender, ingest, clock } = this.#ground
    if (!announcer) return
    const busy = [...ingest.lanes].some((lane) => lane.progress() !== undefined) || this.#spouts.length > 0
    const root = new Root(nobody, clock.now())
    announcer.announce(busy, (topic, record) => appender.append(topic, record, root))
  }

  /** Waits until what is under way now is done, or failed. */
  async #untilDone(): Promise<void> {
    this.#waiting = true
    const underWay = new Set<Root>()
    for (const lane of this.#ground.ingest.lanes) for (const root of lane.roots()) underWay.add(root)
    for (const spout of this.#spouts) for (const root of spout.roots()) underWay.add(root)
    while (!this.#aborted) {
      for (const root of underWay) if (root.dead || root.finished) underWay.delete(root)
      if (underWay.size === 0) break
      await this.#bell.wait()
    }
    this.#waiting = false
  }

  /** Commits, however often it has to be tried: the next snapshot needs this one to be committed. */
  async #persist(snapshot: Snapshot): Promise<void> {
    const { clock, settings, report } = this.#ground
    for (let attempts = 1; !this.#aborted; attempts++) {
      try {
        await this.#committer.commit(snapshot, noOutputs)
        return
      } catch (error) {
        if (this.#aborted || !isHeddleError(error) || error.kind !== 'retryable') throw error
        report(undefined, error)
        await sleep(clock, retryDelay(settings.restart, attempts, settings.random), this.#stopped.signal)
        // Stopping does not wait for a log that does not answer.
        if (this.#stopped.signal.aborted) throw error
      }
    }
  }

  async #timeoutLoop(): Promise<void> {
    const { clock, topology, ingest } = this.#ground
    const { messageTimeoutMs } = topology.plan.settings
    const stopped = this.#stopped.signal
    while (!stopped.aborted) {
      if (this.pending === 0 && this.#spouts.length === 0) await this.#read.wait()
      await sleep(clock, Math.max(1, messageTimeoutMs / timeoutChecks), stopped)
      if (stopped.aborted) return
      const before = clock.now() - messageTimeoutMs
      const late: Root[] = []
      for (const lane of ingest.lanes) for (const root of lane.roots()) late.push(root)
      for (const spout of this.#spouts) for (const root of spout.roots()) late.push(root)
      failAll(
        late.filter(({ startedAt }) => startedAt <= before),
        new HeddleError('HEDDLE_TUPLE_TIMEOUT', `${messageTimeoutMs} ms`),
      )
    }
  }
}
