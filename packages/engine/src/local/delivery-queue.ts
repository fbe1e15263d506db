import { type Clock, type Event, type RetryPolicy, type Sink, isHeddleError } from '@heddle/core'
import { retryDelay } from './retry-delay.ts'

/** An event that waits to be delivered. */
export interface Parcel {
  readonly offset: number
  readonly event: Event
  attempts: number
  firstFailedAt: number
  /** How many writes had succeeded when it failed first. */
  successesBefore: number
}

export interface DeliveryQueueContext {
  readonly clock: Clock
  readonly retry: RetryPolicy
  readonly random: () => number
  readonly delivered: (parcels: readonly Parcel[], checkpoint: string | undefined, ms: number) => void
  /** It is tried again. */
  readonly failed: (parcels: readonly Parcel[], error: unknown, ms: number) => void
  /** It cannot be delivered. */
  readonly refused: (parcel: Parcel, error: unknown) => void
}

/**
 * Hands events to a sink: as many writes at once as it takes, and never two for one partition key.
 *
 * A failed write is tried again after a while. A sink that takes batches has to be given the same batch again, in order, so
 * that it waits. One that takes events singly gets others meanwhile; and when those go through, but one event has failed as
 * often as the retry policy allows, that event is at fault and is refused. As long as nothing goes through, the receiver is at
 * fault, and no event suffers for that.
 */
export class DeliveryQueue {
  readonly #sink: Sink
  readonly #context: DeliveryQueueContext
  /** In order; those whose key is under way are passed over. */
  #waiting: Parcel[] = []
  readonly #keys = new Set<string>()
  readonly #timers = new Set<{ clear(): void }>()
  /** Writes that have one of the sink's places. */
  #underWay = 0
  #writing = 0
  #retrying = 0
  #successes = 0
  #stopped = false

  constructor(sink: Sink, context: DeliveryQueueContext) {
    this.#sink = sink
    this.#context = context
  }

  /** Events that are not delivered. */
  get size(): number {
    return this.#waiting.length + this.#writing + this.#retrying
  }

  /** Events that the sink is being given. */
  get writing(): number {
    return this.#writing
  }

  /** Events that wait for their next attempt. */
  get retrying(): number {
    return this.#retrying
  }

  push(offset: number, event: Event): void {
    this.#waiting.push({ offset, event, attempts: 0, firstFailedAt: 0, successesBefore: 0 })
  }

  /** Starts what can be started. */
  pump(): void {
    while (!this.#stopped && this.#places > 0) {
      const batch = this.#take()
      if (batch.length === 0) return
      this.#write(batch)
    }
  }

  /** Begins no more writes, and forgets those that are under way. */
  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) timer.clear()
  }

  get #places(): number {
    return this.#sink.concurrency - this.#underWay
  }

  #take(): Parcel[] {
    const batch: Parcel[] = []
    const left: Parcel[] = []
    const passed = new Set(this.#keys)
    for (const [at, parcel] of this.#waiting.entries()) {
      const key = parcel.event.partitionkey
      if (key !== undefined && passed.has(key)) {
        left.push(parcel)
        continue
      }
      batch.push(parcel)
      if (batch.length === this.#sink.maxBatch) {
        left.push(...this.#waiting.slice(at + 1))
        break
      }
    }
    this.#waiting = left
    for (const { event } of batch) if (event.partitionkey !== undefined) this.#keys.add(event.partitionkey)
    return batch
  }

  #write(batch: readonly Parcel[]): void {
    this.#underWay++
    this.#writing += batch.length
    const started = performance.now()
    this.#sink.write(batch.map(({ event }) => event)).then(
      (checkpoint) => {
        if (this.#stopped) return
        this.#underWay--
        this.#writing -= batch.length
        this.#successes++
        this.#free(batch)
        this.#context.delivered(batch, checkpoint, performance.now() - started)
        this.pump()
      },
      (error: unknown) => {
        if (this.#stopped) return
        this.#writing -= batch.length
        this.#threw(batch, error, performance.now() - started)
      },
    )
  }

  #threw(batch: readonly Parcel[], error: unknown, ms: number): void {
    const { clock, retry, failed, refused } = this.#context
    const single = this.#sink.maxBatch === 1
    for (const parcel of batch) {
      if (parcel.attempts++ > 0) continue
      parcel.firstFailedAt = clock.now()
      parcel.successesBefore = this.#successes
    }
    const { attempts, successesBefore } = batch[0]!
    const atFault = attempts >= retry.attempts && this.#successes > successesBefore
    if (single && (isTerminal(error) || atFault)) {
      this.#underWay--
      this.#free(batch)
      refused(batch[0]!, error)
      return this.pump()
    }
    failed(batch, error, ms)
    this.#retrying += batch.length
    // A sink of batches keeps its place: nothing may overtake. So do keys, in either case.
    if (single) this.#underWay--
    const timer = clock.after(retryDelay(retry, attempts, this.#context.random), () => {
      this.#timers.delete(timer)
      this.#retrying -= batch.length
      if (!single) this.#underWay--
      this.#again(batch)
    })
    this.#timers.add(timer)
    if (single) this.pump()
  }

  #again(batch: readonly Parcel[]): void {
    if (this.#places > 0) return this.#write(batch)
    this.#free(batch)
    this.#waiting.unshift(...batch)
  }

  #free(batch: readonly Parcel[]): void {
    for (const { event } of batch) if (event.partitionkey !== undefined) this.#keys.delete(event.partitionkey)
  }
}

/** The sink is sure that trying again would not help. */
const isTerminal = (error: unknown): boolean => isHeddleError(error) && error.kind !== 'retryable'
