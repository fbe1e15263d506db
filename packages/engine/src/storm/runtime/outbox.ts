import type { RecordInput } from '@heddle/core'
import type { Root } from '../../local/root.ts'
import type { Destination } from './destination.ts'
import type { ComponentSettings } from './settings.ts'

/** Sends a batch to a task of Storm, for these roots. */
export type SendBatch = (to: Destination, records: readonly RecordInput[], roots: readonly Root[]) => void

interface Waiting {
  records: RecordInput[]
  roots: Root[]
  bytes: number
}

/**
 * Tuples that leave this process, gathered by the task that they go to. They are sent when there are enough of them, and at
 * the latest when all that came in together is done: under load batches grow by themselves, and a tuple that comes alone
 * does not wait. Roots are held until they are sent.
 */
export class Outbox {
  readonly #settings: ComponentSettings
  readonly #send: SendBatch
  readonly #waiting = new Map<Destination, Waiting>()
  #scheduled = false

  constructor(settings: ComponentSettings, send: SendBatch) {
    this.#settings = settings
    this.#send = send
  }

  add(to: Destination, record: RecordInput, root: Root): void {
    root.hold()
    let waiting = this.#waiting.get(to)
    if (!waiting) this.#waiting.set(to, (waiting = { records: [], roots: [], bytes: 0 }))
    waiting.records.push(record)
    waiting.roots.push(root)
    waiting.bytes += recordSize(record)
    const { maxBatch, maxBatchBytes } = this.#settings
    if (waiting.records.length >= maxBatch || waiting.bytes >= maxBatchBytes) this.#flushOne(to, waiting)
    else if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.flush()
      })
    }
  }

  /** Sends all that waits. */
  flush(): void {
    for (const [to, waiting] of this.#waiting) this.#flushOne(to, waiting)
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
