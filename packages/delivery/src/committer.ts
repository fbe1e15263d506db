import {
  type Clock,
  type CommittedOffset,
  type GroupMember,
  type Log,
  type RecordInput,
  type Timer,
  type Transactor,
  deadLetterRecord,
  recordAsEvent,
} from '@heddle/core'
import type { Item } from './item.ts'
import type { Lane } from './lane.ts'

export interface CommitterContext {
  readonly subscription: string
  readonly deadLetterTopic: string
  /** No other process uses it for this subscription. */
  readonly transactorId: string
  readonly log: Log
  readonly clock: Clock
  readonly member: () => GroupMember
  readonly lanes: () => Iterable<Lane>
  /** How long after a change that nobody waits for it is committed, in milliseconds. */
  readonly commitIntervalMs: number
  /** How long after a failure it is tried again, in milliseconds. */
  readonly retryMs: number
  readonly finished: (item: Item) => void
  readonly failed: (error: unknown) => void
}

interface Letter {
  readonly item: Item
  readonly error: unknown
  readonly at: number
}

/**
 * Commits how far all lanes have come, one commit at a time; what changes meanwhile goes with the next. Dead letters are in one
 * transaction with the offsets that say that their events are done, so that each event has one.
 */
export class Committer {
  readonly #context: CommitterContext
  #letters: Letter[] = []
  #transactor: Transactor | undefined
  /** Largest record that the dead letters take; known once their topic is there. */
  #maxBytes: number | undefined
  #current: Promise<void> | undefined
  #following: Promise<void> | undefined
  #timer: Timer | undefined
  #closed = false

  constructor(context: CommitterContext) {
    this.#context = context
  }

  /** Adds a dead letter, and sees to it that it is written. */
  letter(item: Item, error: unknown): void {
    this.#letters.push({ item, error, at: this.#context.clock.now() })
    this.soon(0)
  }

  /** Something changed that nobody waits for. */
  soon(ms = this.#context.commitIntervalMs): void {
    if (this.#closed || this.#timer) return
    this.#timer = this.#context.clock.after(ms, () => {
      this.#timer = undefined
      this.commit().catch(() => {})
    })
  }

  /** Resolves when what is so now is durable. */
  commit(): Promise<void> {
    if (!this.#current) return this.#start()
    this.#following ??= this.#current.then(
      () => this.#start(),
      () => this.#start(),
    )
    return this.#following
  }

  async close(): Promise<void> {
    this.#timer?.clear()
    await this.commit().catch(() => {})
    this.#closed = true
    this.#timer?.clear()
    await this.#transactor?.close()
  }

  #start(): Promise<void> {
    this.#following = undefined
    const current = this.#run().finally(() => {
      if (this.#current === current) this.#current = undefined
    })
    this.#current = current
    return current
  }

  async #run(): Promise<void> {
    const letters = this.#letters.filter(({ item }) => !item.lane.gone)
    this.#letters = []
    try {
      if (letters.length === 0) return await this.#offsetsOnly()
      try {
        await this.#withLetters(letters)
      } catch (error) {
        this.#letters.unshift(...letters)
        this.#failed(error)
        // Acks do not wait for dead letters that cannot be written.
        await this.#offsetsOnly()
      }
    } catch (error) {
      this.#failed(error)
      throw error
    }
  }

  #failed(error: unknown): void {
    this.#context.failed(error)
    this.soon(this.#context.retryMs)
  }

  async #offsetsOnly(): Promise<void> {
    const nothing = new Set<Item>()
    await this.#commitLanes(nothing, async (offsets) => {
      if (offsets.length > 0) await this.#context.member().commit(offsets)
    })
  }

  async #withLetters(letters: readonly Letter[]): Promise<void> {
    const { deadLetterTopic, finished, log, member, transactorId } = this.#context
    const items = new Set(letters.map(({ item }) => item))
    try {
      this.#maxBytes ??= await this.#prepare()
      this.#transactor ??= await log.transactor(transactorId)
      const records = letters.map((letter) => this.#record(letter))
      const transaction = this.#transactor.begin()
      await this.#commitLanes(items, async (offsets) => {
        transaction.append(deadLetterTopic, records)
        if (offsets.length > 0) transaction.commitOffsets(member(), offsets)
        await transaction.commit()
      })
    } catch (error) {
      // Whatever it was: the next attempt begins with a new transactor, and with a topic that is there.
      const transactor = this.#transactor
      this.#transactor = undefined
      this.#maxBytes = undefined
      await transactor?.close()
      throw error
    }
    for (const item of items) if (!item.lane.gone) finished(item)
  }

  /** Commits lanes that have changed by `write`. @param settled Events that are done with it. */
  async #commitLanes(
    settled: ReadonlySet<Item>,
    write: (offsets: readonly CommittedOffset[]) => Promise<void>,
  ): Promise<void> {
    const lanes: Lane[] = []
    const offsets: CommittedOffset[] = []
    const touched = new Set([...settled].map(({ lane }) => lane))
    for (const lane of this.#context.lanes()) {
      if (!lane.dirty && !touched.has(lane)) continue
      lane.dirty = false
      const progress = lane.progress((item) => settled.has(item))
      if (!progress) continue
      lanes.push(lane)
      offsets.push(progress)
    }
    try {
      await write(offsets)
    } catch (error) {
      for (const lane of lanes) lane.dirty = true
      throw error
    }
    for (const [at, lane] of lanes.entries()) lane.committed(offsets[at]!)
  }

  /** The topic of the dead letters is there. */
  async #prepare(): Promise<number> {
    const { deadLetterTopic, log } = this.#context
    const { maxRecordBytes } = await log.createTopic({ name: deadLetterTopic })
    return maxRecordBytes
  }

  #record({ item, error, at }: Letter): RecordInput {
    const { lane, offset, record, event, attempts, firstFailedAt } = item
    const { topic, partition } = lane
    const failure = {
      by: { dlsubscription: this.#context.subscription },
      error,
      attempts,
      firstFailedAt,
      lastFailedAt: at,
      place: { topic, partition, offset },
    }
    return deadLetterRecord(recordAsEvent(record, lane, event), failure, this.#maxBytes!)
  }
}
