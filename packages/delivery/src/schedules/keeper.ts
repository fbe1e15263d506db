import {
  type GroupMember,
  HeddleError,
  type LogRecord,
  type TopicPartition,
  type Transactor,
  isHeddleError,
  sleep,
} from '@heddle/core'
import { type ScheduleFailed, scheduleFailedChannel } from '../channels.ts'
import { answersTopic, storeOf } from './names.ts'
import type { ScheduleContext } from './options.ts'
import { Register } from './register.ts'
import { answerRecord } from './request.ts'
import { Sender } from './sender.ts'
import { Timetable } from './timetable.ts'

interface Tools {
  readonly member: GroupMember
  readonly transactor: Transactor
  readonly register: Register
}

/**
 * Keeps the schedules of one partition while this process owns it: takes in what is asked for, and sends what is due. One after the
 * other, each in transactions of the one transactor of that partition, so that whoever had it before can change nothing any more.
 */
export class Keeper {
  readonly #context: ScheduleContext
  readonly #joined: Promise<GroupMember>
  readonly #place: TopicPartition
  readonly #stopped = new AbortController()
  readonly #done: Promise<void>

  /** @param joined The membership by which it owns the partition: that may be told before it is there. */
  constructor(context: ScheduleContext, joined: Promise<GroupMember>, place: TopicPartition) {
    this.#context = context
    this.#joined = joined
    this.#place = place
    this.#done = this.#run()
  }

  /** Resolves when nothing is done any more. */
  stop(): Promise<void> {
    this.#stopped.abort()
    return this.#done
  }

  async #run(): Promise<void> {
    const { clock, log, retryMs } = this.#context
    const { signal } = this.#stopped
    while (!signal.aborted) {
      let transactor: Transactor | undefined
      try {
        transactor = await log.transactor(storeOf(this.#place.partition))
        await this.#keep(transactor)
      } catch (error) {
        if (signal.aborted) break
        this.#failed(error)
        await sleep(clock, retryMs, signal)
      } finally {
        // A log that cannot be reached has told so already.
        await transactor?.close().catch(() => {})
      }
    }
  }

  async #keep(transactor: Transactor): Promise<void> {
    const { batch, batchBytes, clock, log } = this.#context
    const { partition } = this.#place
    const member = await this.#joined
    // After the transactor: what the one before could still commit is in it.
    const timetable = new Timetable(await log.store(storeOf(partition)))
    const register = new Register(timetable, partition)
    const sender = new Sender(this.#context, timetable, transactor)
    let offset = await this.#committed(member)
    let cleanAt = clock.now() + this.#context.cleanMs
    const { signal } = this.#stopped
    while (!signal.aborted) {
      const now = clock.now()
      const entries = timetable.due(now, batch, batchBytes)
      if (entries.length > 0) await sender.send(entries, now)
      const waitMs = timetable.nextAt - clock.now()
      const { next, records } = await this.#read(offset, waitMs)
      if (next > offset) {
        offset = await this.#takeIn({ member, transactor, register }, records, next)
        if (records.length < batch) await this.#gather(timetable.nextAt)
      }
      if (clock.now() < cleanAt) continue
      await this.#clean(offset)
      cleanAt = clock.now() + this.#context.cleanMs
    }
  }

  async #committed(member: GroupMember): Promise<number> {
    const [committed] = await member.committed([this.#place])
    if (committed) return committed.offset
    const partitions = await this.#context.log.partitions(this.#place.topic)
    return partitions.find(({ partition }) => partition === this.#place.partition)?.earliest ?? 0
  }

  /** Lets more come together, until something is due. */
  async #gather(nextAt: number): Promise<void> {
    const { clock, gatherMs } = this.#context
    const ms = Math.min(gatherMs, nextAt - clock.now())
    if (ms > 0) await sleep(clock, ms, this.#stopped.signal)
  }

  /** What is asked for, when that comes before something is due. */
  async #read(offset: number, waitMs: number): Promise<{ records: readonly LogRecord[]; next: number }> {
    const { batch, batchBytes, clock, log, maxSleepMs } = this.#context
    const options = { maxBytes: batchBytes, maxRecords: batch }
    const place = { ...this.#place, offset }
    const wait = Math.min(waitMs, maxSleepMs)
    let fetched
    if (wait <= 0) [fetched] = await log.read([place], options)
    else {
      const woken = new AbortController()
      const wake = (): void => woken.abort()
      const timer = clock.after(wait, wake)
      this.#stopped.signal.addEventListener('abort', wake)
      try {
        if (this.#stopped.signal.aborted) wake()
        ;[fetched] = await log.read([place], { ...options, waitMs: wait, signal: woken.signal })
      } finally {
        timer.clear()
        this.#stopped.signal.removeEventListener('abort', wake)
      }
    }
    return { records: fetched?.records ?? [], next: fetched?.nextOffset ?? offset }
  }

  /** @returns How far it has come. */
  async #takeIn(
    { member, register, transactor }: Tools,
    records: readonly LogRecord[],
    next: number,
  ): Promise<number> {
    const transaction = transactor.begin()
    try {
      const { answers, failures, offset } = register.takeIn(transaction, records, next)
      if (answers.length > 0) transaction.append(answersTopic, answers.map(answerRecord))
      transaction.commitOffsets(member, [{ ...this.#place, offset }])
      await transaction.commit()
      for (const error of failures) this.#failed(error)
      return offset
    } catch (error) {
      await transaction.abort()
      throw error
    }
  }

  /** Deletes what was taken in, and is too old for a repeat of it to be expected. */
  async #clean(offset: number): Promise<void> {
    const { clock, log } = this.#context
    if (!log.deleteRecords) return
    try {
      const { dedupe } = (await log.describeTopic(this.#place.topic))!
      const until = await log.offsetAt(this.#place, clock.now() - dedupe.ms)
      const before = Math.min(offset, Math.max(until, offset - dedupe.ids))
      await log.deleteRecords({ ...this.#place, offset: before })
    } catch (error) {
      // It is tried again; until then some more is kept.
      if (isHeddleError(error, 'HEDDLE_LOG_CLOSED')) throw error
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    if (!scheduleFailedChannel.hasSubscribers) return
    const { partition } = this.#place
    // Another process has it now, which is no failure.
    if (error instanceof HeddleError && error.code === 'HEDDLE_LOG_FENCED') return
    scheduleFailedChannel.publish({ partition, error } satisfies ScheduleFailed)
  }
}
