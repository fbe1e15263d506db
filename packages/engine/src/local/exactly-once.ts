import type { RecordInput, TopicPartition } from '@heddle/core'
import { Bell } from './bell.ts'
import { Committer, isEmpty } from './committer.ts'
import { Epoch } from './epoch.ts'
import type { Ground, Processing } from './ground.ts'
import { Occasions, timeSources } from './occasions.ts'
import type { Root, RootOwner } from './root.ts'
import type { Appender } from './task-output.ts'

interface Change {
  readonly kind: 'assigned' | 'revoked'
  readonly partitions: readonly TopicPartition[]
  readonly done: () => void
}

/** Puts outputs into the epoch that is being processed. */
export class CurrentEpoch implements Appender {
  epoch = new Epoch()

  append(topic: string, record: RecordInput, root: Root): void {
    if (!root.dead) this.epoch.append(topic, record)
  }
}

/**
 * Epochs: some input events are read and processed to the end, then one transaction takes what they put out, what they
 * changed of the state, and the offsets behind them. The next epoch is processed while that commits; if it fails, the run
 * ends, and a new one begins where the log says.
 */
export class ExactlyOnce implements Processing, RootOwner {
  readonly #ground: Ground
  readonly #current: CurrentEpoch
  readonly #occasions: Occasions
  readonly #committer: Committer
  readonly #bell = new Bell()
  readonly #broken = Promise.withResolvers<never>()
  readonly #ready = Promise.withResolvers<void>()
  readonly #changes: Change[] = []
  #stopping = false
  #aborted = false
  #paused = false
  #committing: Promise<void> = Promise.resolve()

  constructor(ground: Ground, current: CurrentEpoch) {
    this.#ground = ground
    this.#current = current
    this.#occasions = new Occasions(ground, () => timeSources(ground, []))
    this.#committer = new Committer(ground, this.#occasions.wanted)
    this.#broken.promise.catch(() => {})
  }

  get pending(): number {
    return this.#current.epoch.pending
  }

  get ready(): Promise<void> {
    return this.#ready.promise
  }

  async run(): Promise<void> {
    await Promise.race([this.#epochs(), this.#broken.promise])
  }

  stop(): void {
    this.#stopping = true
    this.wake()
  }

  /** Of an epoch all is committed, or nothing; those before are. */
  async salvage(): Promise<void> {
    await this.#committing
  }

  abort(error: unknown): void {
    this.#aborted = true
    this.#broken.reject(error)
    this.#current.epoch.abandon()
    this.#occasions.abort(error)
    for (const { done } of this.#changes.splice(0)) done()
    this.stop()
  }

  pause(): void {
    this.#paused = true
    this.wake()
  }

  resume(): void {
    this.#paused = false
    this.wake()
  }

  wake(): void {
    this.#ground.ingest.interrupt()
    this.#bell.ring()
  }

  assigned(partitions: readonly TopicPartition[]): void {
    void this.#change('assigned', partitions)
  }

  revoked(partitions: readonly TopicPartition[]): Promise<void> {
    return this.#change('revoked', partitions)
  }

  begun(root: Root): void {
    this.#current.epoch.begun(root)
  }

  done(root: Root): void {
    const { stats, ingest, clock } = this.#ground
    const { topic, record } = root.place!
    stats.completed++
    ingest.acked(topic)
    if (!root.counted) return
    stats.completedMs += clock.now() - root.startedAt
    ingest.lane(root.place!)?.finished(record.offset)
    this.#current.epoch.done(root)
  }

  /** An event that cannot be done spoils its epoch. */
  failed(_root: Root, error: unknown): void {
    this.abort(error)
  }

  async #change(kind: Change['kind'], partitions: readonly TopicPartition[]): Promise<void> {
    if (this.#aborted || this.#stopping) return
    await new Promise<void>((done) => {
      this.#changes.push({ kind, partitions, done })
      this.wake()
    })
  }

  async #epochs(): Promise<void> {
    for (;;) {
      await this.#applyChanges()
      if (this.#stopping) break
      const epoch = new Epoch()
      this.#current.epoch = epoch
      await this.#gather(epoch)
      await epoch.settled()
      if (this.#aborted) return
      await this.#occasions.pass(this.#ground.topology.plan.settings.messageTimeoutMs)
      this.#ground.announcer?.announce(epoch.events > 0 || epoch.outputs.size > 0, (topic, record) =>
        epoch.append(topic, record),
      )
      // In order: the state that is being committed has to be settled before more of it is closed.
      await this.#committing
      const snapshot = this.#committer.snapshot()
      if (isEmpty(snapshot) && epoch.outputs.size === 0) continue
      this.#committing = this.#committer.commit(snapshot, epoch.outputs)
      // Whoever awaits it next gets the error; reading does not wait until then.
      this.#committing.catch((error: unknown) => this.abort(error))
    }
    await this.#committing
    for (const { done } of this.#changes.splice(0)) done()
  }

  /** Partitions come and go between epochs, when all before is committed. */
  async #applyChanges(): Promise<void> {
    if (this.#changes.length === 0) return
    await this.#committing
    for (const { kind, partitions, done } of this.#changes.splice(0)) {
      if (kind === 'assigned') await this.#ground.ingest.add(partitions, this.#ground.member!)
      else this.#ground.ingest.remove(partitions)
      if (!this.#ground.ingest.empty) this.#ready.resolve()
      done()
    }
  }

  /** Reads for one commit interval, from the first event on, or until the epoch is full. */
  async #gather(epoch: Epoch): Promise<void> {
    const { ingest, clock, topology, settings, network, congested } = this.#ground
    const { maxPending, commitIntervalMs } = topology.plan.settings
    let over = false
    const end = (): void => {
      over = true
      this.wake()
    }
    const interrupted = (): boolean => over || this.#stopping || this.#changes.length > 0
    const crowded = (): boolean => network.queued >= settings.maxQueuedTuples
    const going = (): boolean => !interrupted() && !this.#paused && !crowded()
    // Ticks and event time go on without events, too.
    const { restMs } = this.#occasions
    let timer = Number.isFinite(restMs) ? clock.after(restMs, end) : undefined
    try {
      while (!interrupted() && epoch.events < maxPending) {
        if (this.#paused || ingest.empty || congested() || crowded()) {
          // What was read is committed, whatever reading waits for.
          if (epoch.events > 0) return
          await this.#bell.wait()
          continue
        }
        const fetched = await ingest.read(maxPending - epoch.events, settings.readWaitMs)
        if (fetched.length === 0) continue
        if (epoch.events === 0) {
          timer?.clear()
          timer = clock.after(commitIntervalMs, end)
        }
        epoch.events += await ingest.emitAll(fetched, this, going)
      }
    } finally {
      timer?.clear()
    }
  }
}
