import {
  type CelPredicate,
  type Clock,
  type Event,
  type Fetched,
  type Log,
  type Subscription,
  celPredicate,
  fromRecord,
  isHeddleError,
  sleep,
} from '@heddle/core'
import type { DeliveryFailed } from './channels.ts'
import type { Lane } from './lane.ts'
import type { Ledger } from './ledger.ts'
import { isForAnother } from './redrive-target.ts'

/** How long one read waits, in milliseconds. It ends early when there are other partitions to read. */
const waitMs = 30_000

export interface ReaderContext {
  readonly log: Log
  readonly clock: Clock
  readonly ledger: Ledger
  readonly settings: () => Subscription
  readonly lanes: () => Iterable<Lane>
  /** Most events of a partition that are open in memory. */
  readonly window: number
  /** Most bytes of all partitions that are open in memory. */
  readonly windowBytes: number
  /** How long after a failure it is tried again, in milliseconds. */
  readonly retryMs: number
  /** Something was passed over. */
  readonly changed: () => void
  readonly failed: (doing: DeliveryFailed['doing'], error: unknown) => void
}

/** Reads ahead of the consumers, as far as the window goes. */
export class Reader {
  readonly #context: ReaderContext
  readonly #stopped = new AbortController()
  #interrupt = new AbortController()
  #wake: (() => void) | undefined
  #loop: Promise<void> | undefined
  #filter: CelPredicate | undefined

  constructor(context: ReaderContext) {
    this.#context = context
  }

  start(): void {
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.nudge()
    await this.#loop
  }

  /** There are other partitions to read, or fewer. */
  nudge(): void {
    this.#interrupt.abort()
    this.#wake?.()
  }

  async #run(): Promise<void> {
    const { clock, failed, log, retryMs } = this.#context
    while (!this.#stopped.signal.aborted) {
      this.#interrupt = new AbortController()
      const lanes = this.#roomy()
      if (lanes.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      const positions = lanes.map(({ topic, partition, next }) => ({ topic, partition, offset: next }))
      try {
        const fetched = await log.read(positions, {
          maxBytes: 1024 ** 2,
          waitMs,
          signal: this.#interrupt.signal,
        })
        for (const one of fetched) this.#take(one, lanes)
      } catch (error) {
        if (this.#stopped.signal.aborted) return
        if (isHeddleError(error, 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE') && (await this.#catchUp(lanes))) continue
        failed('read', error)
        await sleep(clock, retryMs, this.#stopped.signal)
      }
    }
  }

  /** Lanes that more is read of. */
  #roomy(): readonly Lane[] {
    return [...this.#context.lanes()].filter((lane) => !lane.leaving && !this.#isFull(lane))
  }

  /** Something was done: a lane that was full is read on when half of the window is free. */
  roomy(): void {
    for (const lane of this.#context.lanes()) {
      if (lane.full && !this.#isFull(lane)) return this.nudge()
    }
  }

  #isFull(lane: Lane): boolean {
    const { ledger, window, windowBytes } = this.#context
    const share = lane.full ? 0.5 : 1
    const over = lane.open.size >= window * share || ledger.bytes >= windowBytes * share
    lane.full = over && lane.open.size > 0
    return lane.full
  }

  #take(fetched: Fetched, lanes: readonly Lane[]): void {
    const { changed, ledger } = this.#context
    const lane = lanes.find(
      ({ topic, partition }) => topic === fetched.topic && partition === fetched.partition,
    )!
    if (lane.leaving) return
    let filtered = 0
    for (const record of fetched.records) {
      if (record.offset < lane.next) continue
      if (this.#isFull(lane)) break
      lane.next = record.offset + 1
      if (lane.done(record.offset)) continue
      const event = fromRecord(record, lane)
      if (this.#wants(event)) ledger.admit(lane, record, event)
      else filtered++
    }
    if (!lane.full) lane.next = fetched.nextOffset
    lane.dirty = true
    ledger.told('filtered', filtered)
    if (filtered > 0) changed()
  }

  #wants(event: Event): boolean {
    const { filter, name } = this.#context.settings()
    if (isForAnother(event, name)) return false
    if (filter === undefined) return true
    if (this.#filter?.cel !== filter) this.#filter = celPredicate(filter)
    try {
      return this.#filter(event)
    } catch {
      return false
    }
  }

  /** Goes on from what is still kept. @returns Whether that changed anything. */
  async #catchUp(lanes: readonly Lane[]): Promise<boolean> {
    const { ledger, log } = this.#context
    let moved = false
    for (const lane of lanes) {
      const found = await log.partitions(lane.topic).catch(() => [])
      const info = found.find(({ partition }) => partition === lane.partition)
      if (!info || (lane.next >= info.earliest && lane.next <= info.latest)) continue
      ledger.told('lost', Math.max(0, info.earliest - lane.next))
      lane.next = lane.next < info.earliest ? info.earliest : info.latest
      lane.dirty = true
      moved = true
    }
    return moved
  }
}
