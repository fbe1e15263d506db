import {
  type Clock,
  type CommittedOffset,
  type GroupMember,
  type Log,
  type LogRecord,
  type PlanComponent,
  type RecordInput,
  type Sink,
  type Store,
  type TopicPartition,
  type Transactor,
  fromRecord,
  utf8,
} from '@heddle/core'
import { Bell } from './bell.ts'
import { deadLetterChannel, deliveryChannel } from './channels.ts'
import { deadLetter } from './dead-letter.ts'
import { DeliveryQueue, type Parcel } from './delivery-queue.ts'
import type { Lane } from './lane.ts'
import type { Settings } from './options.ts'
import { Root, type RootOwner } from './root.ts'

/** Most events that are read ahead of the sink: enough for batches and for keys that wait for others. */
const window = 1000

/** How many delivered events may be left in the outbox: few enough to be no burden, many enough to delete batches. */
const kept = 5000

/** Under which name the checkpoint of a sink stands in the state of its component. */
export const checkpointName = 'checkpoint'

export interface OutboxSessionContext {
  readonly topology: string
  readonly component: PlanComponent
  readonly kind: string
  readonly deadLetterTopic: string
  /** Largest record that the dead letters take, in bytes. */
  readonly maxBytes: number
  readonly log: Log
  readonly clock: Clock
  readonly settings: Settings
  readonly sink: Sink
  readonly lane: Lane
  readonly member: GroupMember
  readonly transactor: Transactor
  readonly store: Store
  readonly report: (error: unknown) => void
  /** So many events more are delivered or given up. */
  readonly settled: (events: number) => void
}

/**
 * One life of a sink: delivers what is in its outbox. Its checkpoint, the offsets behind what it took, and the dead letters of
 * what it refused are committed in one transaction, so that they always tell of the same moment.
 */
export class OutboxSession implements RootOwner {
  readonly #context: OutboxSessionContext
  readonly #queue: DeliveryQueue
  readonly #roots = new Map<number, Root>()
  readonly #bell = new Bell()
  readonly #broken = Promise.withResolvers<never>()
  #checkpoint: string | undefined
  #letters: RecordInput[] = []
  #changed = false
  #trimmed = 0
  #committing: Promise<void> | undefined
  #stopping = false
  #running: Promise<void> | undefined
  #reading: AbortController | undefined

  constructor(context: OutboxSessionContext) {
    this.#context = context
    const { clock, component, sink } = context
    this.#broken.promise.catch(() => {})
    this.#queue = new DeliveryQueue(sink, {
      clock,
      retry: component.retry,
      random: context.settings.random,
      delivered: (parcels, checkpoint, ms) => {
        if (checkpoint !== undefined) this.#checkpoint = checkpoint
        this.#publish(parcels.length, ms, undefined)
        this.#settle(parcels)
      },
      failed: (parcels, error, ms) => {
        context.report(error)
        this.#publish(parcels.length, ms, error)
        this.#bell.ring()
      },
      refused: (parcel, error) => this.#refuse(parcel, error),
    })
  }

  /**
   * Works until `stop`, and then until all that is in the outbox is delivered, or something has to wait.
   * @throws What the log throws.
   */
  run(): Promise<void> {
    this.#running ??= Promise.race([this.#deliver(), this.#broken.promise])
    return this.#running
  }

  stop(): void {
    this.#stopping = true
    this.#reading?.abort()
    this.#bell.ring()
  }

  /** Ends at once. */
  abort(error: unknown): void {
    this.#queue.stop()
    this.#broken.reject(error)
    this.stop()
  }

  // Its roots only carry what a dead letter tells.
  begun(): void {}
  done(): void {}
  failed(): void {}

  async #deliver(): Promise<void> {
    const { lane, log, settings, sink } = this.#context
    if (sink.checkpoint !== undefined) await this.#keepFirstCheckpoint(sink.checkpoint)
    for (;;) {
      const { size, writing, retrying } = this.#queue
      // What the sink is being given is waited for: else the next session would give it again.
      if (this.#stopping && writing === 0 && (retrying > 0 || (size === 0 && lane.next >= lane.latest))) break
      if (this.#queue.size >= window || (this.#stopping && lane.next >= lane.latest)) {
        await this.#bell.wait()
        continue
      }
      this.#reading = new AbortController()
      const { topic, partition, next } = lane
      const [part] = await log.read([{ topic, partition, offset: next }], {
        maxRecords: window - this.#queue.size,
        maxBytes: settings.readBytes,
        waitMs: this.#stopping ? 0 : settings.readWaitMs,
        signal: this.#reading.signal,
      })
      this.#reading = undefined
      if (!part) {
        lane.latest = lane.next
        continue
      }
      this.#take(part.records, part)
      lane.next = part.nextOffset
      lane.latest = part.latest
      this.#queue.pump()
    }
    this.#queue.stop()
    while (this.#changed || this.#committing) await this.#commit()
    await this.#trim(0)
  }

  #take(records: readonly LogRecord[], place: TopicPartition): void {
    const { clock, lane } = this.#context
    const now = clock.now()
    for (const record of records) {
      if (lane.done(record.offset)) continue
      const event = fromRecord(record, place)
      const root = new Root(this, now, { ...place, record, event })
      lane.begun(root, -Infinity)
      this.#roots.set(record.offset, root)
      this.#queue.push(record.offset, event)
    }
  }

  /** Kept before the first write, so that even a crash during that can be undone. */
  async #keepFirstCheckpoint(checkpoint: string): Promise<void> {
    const { store, transactor } = this.#context
    if (store.get(checkpointName) !== undefined) return
    const transaction = transactor.begin()
    transaction.put(store, checkpointName, utf8(checkpoint))
    await transaction.commit()
  }

  #settle(parcels: readonly Parcel[]): void {
    const { lane, settled } = this.#context
    for (const { offset } of parcels) {
      lane.finished(offset)
      this.#roots.delete(offset)
    }
    this.#changed = true
    settled(parcels.length)
    if (!this.#committing) this.#commit().catch((error: unknown) => this.abort(error))
    this.#bell.ring()
  }

  #refuse(parcel: Parcel, error: unknown): void {
    const { topology, component, deadLetterTopic, maxBytes, clock, report } = this.#context
    const { attempts } = parcel
    const root = this.#roots.get(parcel.offset)!
    report(error)
    const gaveUp = {
      component: component.id,
      root,
      error,
      attempts,
      firstFailedAt: parcel.firstFailedAt,
      lastFailedAt: clock.now(),
      value: undefined,
    }
    this.#letters.push(deadLetter(topology, gaveUp, maxBytes))
    if (deadLetterChannel.hasSubscribers)
      deadLetterChannel.publish({
        topology,
        component: component.id,
        topic: deadLetterTopic,
        error,
        attempts,
      })
    this.#settle([parcel])
  }

  /** One commit after the other; what is settled during one goes with the next. */
  #commit(): Promise<void> {
    this.#committing ??= this.#commitAll().finally(() => {
      this.#committing = undefined
    })
    return this.#committing
  }

  async #commitAll(): Promise<void> {
    const { lane, member, transactor, store, deadLetterTopic } = this.#context
    while (this.#changed) {
      this.#changed = false
      const progress: CommittedOffset | undefined = lane.progress()
      const letters = this.#letters
      this.#letters = []
      const transaction = transactor.begin()
      if (letters.length > 0) transaction.append(deadLetterTopic, letters)
      if (progress) transaction.commitOffsets(member, [progress])
      if (this.#checkpoint !== undefined) transaction.put(store, checkpointName, utf8(this.#checkpoint))
      await transaction.commit()
      if (progress) lane.committed(progress)
      await this.#trim(kept)
    }
  }

  /** Deletes what is delivered, where the log can do that. */
  async #trim(atLeast: number): Promise<void> {
    const { lane, log, report } = this.#context
    const offset = lane.committedOffset
    if (offset - this.#trimmed <= atLeast) return
    this.#trimmed = offset
    try {
      await log.deleteRecords?.({ topic: lane.topic, partition: lane.partition, offset })
    } catch (error) {
      report(error)
    }
  }

  #publish(events: number, ms: number, error: unknown): void {
    if (!deliveryChannel.hasSubscribers) return
    const { topology, component, kind } = this.#context
    deliveryChannel.publish({ topology, component: component.id, kind, events, ms, error })
  }
}
