import { type Clock, HeddleError, type Log, errorMessage, sleep } from '@heddle/core'
import { answersTopic, schedulesTopic } from './names.ts'
import type { ScheduleContext } from './options.ts'
import { type Answer, type Question, questionRecord, readAnswer } from './request.ts'

interface Asked {
  readonly answers: Map<number, Answer>
  /** How many partitions were asked. */
  readonly partitions: number
  /** One such answer is enough. */
  readonly enough: (answer: Answer) => boolean
  readonly resolve: (answers: readonly Answer[]) => void
  readonly reject: (error: unknown) => void
}

/** Asks those who keep schedules, wherever they are, and follows the topic of answers while something was asked. */
export class Questions {
  readonly #log: Log
  readonly #clock: Clock
  readonly #context: ScheduleContext
  readonly #asked = new Map<string, Asked>()
  #reading: AbortController | undefined

  constructor(context: ScheduleContext) {
    this.#log = context.log
    this.#clock = context.clock
    this.#context = context
  }

  /**
   * The answers of all partitions, or one that is enough.
   * @throws HEDDLE_SCHEDULE_UNANSWERED
   */
  async ask(
    question: Question,
    enough: (answer: Answer) => boolean = () => false,
  ): Promise<readonly Answer[]> {
    const { answerMs } = this.#context
    const request = crypto.randomUUID()
    const partitions = await this.#log.partitions(schedulesTopic)
    const answered = Promise.withResolvers<readonly Answer[]>()
    const { reject, resolve } = answered
    this.#asked.set(request, { answers: new Map(), partitions: partitions.length, enough, resolve, reject })
    const late = this.#clock.after(answerMs, () =>
      reject(new HeddleError('HEDDLE_SCHEDULE_UNANSWERED', `${question.verb}, within ${answerMs} ms`)),
    )
    try {
      if (!this.#reading) await this.#read()
      const records = partitions.map(({ partition }) => questionRecord(question, request, partition))
      await this.#log.append(schedulesTopic, records)
      return await answered.promise
    } finally {
      late.clear()
      this.#asked.delete(request)
      if (this.#asked.size === 0) this.#stop()
    }
  }

  close(): void {
    for (const { reject } of this.#asked.values())
      reject(new HeddleError('HEDDLE_LOG_CLOSED', 'schedules are closed'))
    this.#stop()
  }

  #stop(): void {
    this.#reading?.abort()
    this.#reading = undefined
  }

  /** Follows the answers, from what comes next on. */
  async #read(): Promise<void> {
    const reading = new AbortController()
    this.#reading = reading
    try {
      const offset = await this.#end()
      void this.#follow(offset, reading.signal)
    } catch (error) {
      if (this.#reading === reading) this.#reading = undefined
      throw error
    }
  }

  async #end(): Promise<number> {
    const [partition] = await this.#log.partitions(answersTopic)
    return partition!.latest
  }

  async #follow(from: number, signal: AbortSignal): Promise<void> {
    const { answerMs, retryMs } = this.#context
    let offset = from
    while (!signal.aborted) {
      try {
        const place = { topic: answersTopic, partition: 0, offset }
        const [fetched] = await this.#log.read([place], { waitMs: answerMs, signal })
        for (const record of fetched?.records ?? []) {
          const answer = readAnswer(record)
          if (answer) this.#take(answer)
        }
        offset = fetched?.nextOffset ?? offset
      } catch (error) {
        if (signal.aborted) return
        // Who asked is told when time is over, if this does not pass.
        await sleep(this.#clock, retryMs, signal)
        offset = await this.#end().catch(() => offset)
        this.#lost(error)
      }
    }
  }

  #take(answer: Answer): void {
    const asked = this.#asked.get(answer.request)
    if (!asked) return
    asked.answers.set(answer.partition, answer)
    if (asked.answers.size >= asked.partitions || asked.enough(answer))
      asked.resolve([...asked.answers.values()])
  }

  /** Answers were perhaps passed over. */
  #lost(error: unknown): void {
    for (const { reject } of this.#asked.values())
      reject(new HeddleError('HEDDLE_SCHEDULE_UNANSWERED', errorMessage(error), { cause: error }))
  }
}
