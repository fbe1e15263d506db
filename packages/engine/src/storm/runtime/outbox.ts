import { type Clock, type RecordInput, type Timer, systemClock } from '@heddle/core'
import type { Root } from '../../local/root.ts'
import type { Destination } from './destination.ts'
import type { ComponentSettings } from './settings.ts'

/** Sends a batch to a task of Storm, for these roots. */
export type SendBatch = (to: Destination, records: readonly RecordInput[], roots: readonly Root[]) => void

interface Waiting {
  records: RecordInput[]
  roots: Root[]
  bytes: number
  /** When the first of them came. */
  since: number
}

export interface OutboxOptions {
  /** How many batches to a task are not done, where that is known. Default: none is. */
  readonly underWay?: (to: Destination) => number
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/**
 * Tuples that leave this process, gathered by the task that they go to. They are sent when there are enough of them, and at
 * the latest when all that came in together is done: under load batches grow by themselves, and a tuple that comes alone
 * does not wait.
 *
 * Where it is known what is under way, a task that has some batches before it gets the next one when it is full, one of those
 * is done, or a short time is over. Else a spout that may emit as much as was acked would answer each small batch with another
 * small one, for ever. Roots are held until they are sent.
 */
export class Outbox {
  readonly #settings: ComponentSettings
  readonly #send: SendBatch
  readonly #waiting = new Map<Destination, Waiting>()
  readonly #underWay: (to: Destination) => number
  readonly #clock: Clock
  #scheduled = false
  #lingering: Timer | undefined

  constructor(
    settings: ComponentSettings,
    send: SendBatch,
    { underWay = () => 0, clock = systemClock }: OutboxOptions = {},
  ) {
    this.#settings = settings
    this.#send = send
    this.#underWay = underWay
    this.#clock = clock
  }

  add(to: Destination, record: RecordInput, root: Root): void {
    root.hold()
    let waiting = this.#waiting.get(to)
    if (!waiting) this.#waiting.set(to, (waiting = { records: [], roots: [], bytes: 0, since: 0 }))
    if (waiting.records.length === 0) waiting.since = this.#clock.now()
    waiting.records.push(record)
    waiting.roots.push(root)
    waiting.bytes += recordSize(record)
    const { maxBatch, maxBatchBytes } = this.#settings
    if (waiting.records.length >= maxBatch || waiting.bytes >= maxBatchBytes) this.#flushOne(to, waiting)
    else this.more()
  }

  /** Something that was under way is done: what waited for that is sent, with all that comes in this turn. */
  more(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flushReady()
    })
  }

  /** Sends all that waits. */
  flush(): void {
    for (const [to, waiting] of this.#waiting) this.#flushOne(to, waiting)
  }

  #flushReady(): void {
    const { maxUnderWay, lingerMs } = this.#settings
    const now = this.#clock.now()
    let held = false
    for (const [to, waiting] of this.#waiting) {
      if (waiting.records.length === 0) continue
      if (now - waiting.since < lingerMs && this.#underWay(to) >= maxUnderWay) held = true
      else this.#flushOne(to, waiting)
    }
    if (!held || this.#lingering) return
    this.#lingering = this.#clock.after(lingerMs, () => {
      this.#lingering = undefined
      this.#flushReady()
    })
  }

  #flushOne(to: Destination, waiting: Waiting): void {
    const { records, roots } = waiting
    if (records.length === 0) return
    waiting.records = []
    waiting.roots = []
    waiting.bytes = 0
    // What was given up meanwhile comes again by itself.
    const live = roots.filter(({ dead }) => !dead)
    if (live.length > 0)
      this.#send(
        to,
        live.length === roots.length ? records : records.filter((_, at) => !roots[at]!.dead),
        live,
      )
    for (const root of roots) if (root.dead) root.release()
  }
}

/** About how many bytes a record has. */
function recordSize({ value, headers = [] }: RecordInput): number {
  let size = value?.length ?? 0
  for (const [name, header] of headers) size += name.length + header.length
  return size
}
