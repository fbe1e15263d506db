import { type Clock, HeddleError, type Log, type Settlement, isHeddleError, sleep } from '@heddle/core'
import { type DeliveryFailed, failedChannel } from '../channels.ts'
import {
  type Asked,
  answeredRecord,
  askedRecord,
  readMessage,
  settlementsTopic,
  settlementsTopicSpec,
} from './messages.ts'

/** How long one read waits, in milliseconds. */
const waitMs = 30_000

export interface ExchangeContext {
  readonly log: Log
  readonly clock: Clock
  /** The name of this process in the leases that it gives. */
  readonly processId: string
  /** How long another process may take to answer, in milliseconds. */
  readonly forwardMs: number
  /** How long after a failure of the log something is tried again, in milliseconds. */
  readonly retryMs: number
  /** Settles what this process has given out. @returns Leases that were not held. */
  readonly settle: (subscription: string, settlements: readonly Settlement[]) => Promise<readonly string[]>
}

/**
 * Brings settlements to the process that gave the leases, through a topic: processes know nothing of each other but the log, and need
 * no addresses. Two records for each settlement that comes to another process; none for the others.
 */
export class Exchange {
  readonly #context: ExchangeContext
  readonly #asked = new Map<string, (lost: readonly string[]) => void>()
  readonly #closed = new AbortController()
  #opening: Promise<boolean> | undefined
  #failedAt = Number.NEGATIVE_INFINITY

  constructor(context: ExchangeContext) {
    this.#context = context
  }

  /** Follows the topic from now on: leases that are given later can be settled from anywhere. @returns Whether it does. */
  open(): Promise<boolean> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  /** Has another process settle. @returns The leases that it does not hold; all, when it does not answer in time. */
  async ask(
    to: string,
    subscription: string,
    settlements: readonly Settlement[],
  ): Promise<readonly string[]> {
    const { clock, forwardMs, log } = this.#context
    const all = settlements.map(({ lease }) => lease)
    if (!(await this.open())) return all
    const request = crypto.randomUUID()
    const answered = Promise.withResolvers<readonly string[]>()
    this.#asked.set(request, answered.resolve)
    const late = clock.after(forwardMs, () => answered.resolve(all))
    try {
      await log.append(settlementsTopic, [askedRecord({ request, to, subscription, settlements })])
      return await answered.promise
    } finally {
      late.clear()
      this.#asked.delete(request)
    }
  }

  close(): void {
    this.#closed.abort()
  }

  async #open(): Promise<boolean> {
    const { clock, retryMs } = this.#context
    try {
      if (this.#closed.signal.aborted) throw new HeddleError('HEDDLE_LOG_CLOSED', 'delivery is closed')
      if (clock.now() - this.#failedAt < retryMs)
        throw new HeddleError('HEDDLE_LOG_UNAVAILABLE', settlementsTopic)
      await this.#ensureTopic()
      const offset = await this.#end()
      void this.#follow(offset)
      return true
    } catch (error) {
      // Without it leases can be settled where they were given. It is tried again when somebody needs it.
      this.#opening = undefined
      this.#failedAt = clock.now()
      this.#failed(error)
      return false
    }
  }

  async #ensureTopic(): Promise<void> {
    const { log } = this.#context
    if (await log.describeTopic(settlementsTopic)) return
    await log.createTopic(settlementsTopicSpec).catch((error: unknown) => {
      // Another process was first.
      if (!isHeddleError(error, 'HEDDLE_LOG_TOPIC_EXISTS')) throw error
    })
  }

  async #end(): Promise<number> {
    const [partition] = await this.#context.log.partitions(settlementsTopic)
    return partition!.latest
  }

  async #follow(from: number): Promise<void> {
    const { clock, log, retryMs } = this.#context
    const { signal } = this.#closed
    let offset = from
    while (!signal.aborted) {
      try {
        const place = { topic: settlementsTopic, partition: 0, offset }
        const [fetched] = await log.read([place], { waitMs, signal })
        for (const record of fetched?.records ?? []) {
          const message = readMessage(record)
          if (!message) continue
          if ('lost' in message) this.#asked.get(message.request)?.(message.lost)
          else if (message.to === this.#context.processId) void this.#answer(message)
        }
        offset = fetched?.nextOffset ?? offset
      } catch (error) {
        if (signal.aborted || isHeddleError(error, 'HEDDLE_LOG_CLOSED')) return
        this.#failed(error)
        await sleep(clock, retryMs, signal)
        // What was passed over has no answer: its events come again.
        if (isHeddleError(error, 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE'))
          offset = await this.#end().catch(() => offset)
      }
    }
  }

  async #answer({ request, subscription, settlements }: Asked): Promise<void> {
    const { log, settle } = this.#context
    try {
      const lost = await settle(subscription, settlements)
      await log.append(settlementsTopic, [answeredRecord({ request, lost })])
    } catch (error) {
      // Who asked is told in the end that they were lost.
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    if (failedChannel.hasSubscribers)
      failedChannel.publish({ subscription: '*', doing: 'forward', error } satisfies DeliveryFailed)
  }
}
