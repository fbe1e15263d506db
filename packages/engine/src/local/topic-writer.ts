import { type Clock, HeddleError, type Log, type RecordInput, isHeddleError, sleep } from '@heddle/core'
import type { Settings } from './options.ts'
import { retryDelay } from './retry-delay.ts'
import type { Root } from './root.ts'
import type { Appender } from './task-output.ts'

export interface TopicWriterContext {
  readonly log: Pick<Log, 'append'>
  readonly clock: Clock
  readonly settings: Settings
  readonly signal: AbortSignal
  /** The log refuses this record for good. Holds its root until it is kept elsewhere. */
  readonly refused: (topic: string, root: Root, error: unknown) => void
  /** Appending failed, and is tried again. */
  readonly report: (error: unknown) => void
  /** So many records were appended to a topic. */
  readonly appended: (topic: string, records: number) => void
  /** The log cannot take anything any more. */
  readonly broken: (error: unknown) => void
}

interface Waiting {
  records: RecordInput[]
  roots: Root[]
  flushing: boolean
}

/**
 * Appends the outputs of an at-least-once topology, and holds their roots until they are durable. For each topic one append
 * is under way; what comes meanwhile goes with the next, so that order is kept and batches grow with the load.
 */
export class TopicWriter implements Appender {
  readonly #context: TopicWriterContext
  readonly #topics = new Map<string, Waiting>()

  constructor(context: TopicWriterContext) {
    this.#context = context
  }

  append(topic: string, record: RecordInput, root: Root): void {
    root.hold()
    let waiting = this.#topics.get(topic)
    if (!waiting) {
      waiting = { records: [], roots: [], flushing: false }
      this.#topics.set(topic, waiting)
    }
    waiting.records.push(record)
    waiting.roots.push(root)
    if (waiting.flushing) return
    waiting.flushing = true
    const started = waiting
    // Behind all that runs now, which may have more for the same topic.
    queueMicrotask(() => {
      this.#flush(topic, started).catch(this.#context.broken)
    })
  }

  async #flush(topic: string, waiting: Waiting): Promise<void> {
    while (waiting.records.length > 0) {
      const { records, roots } = waiting
      waiting.records = []
      waiting.roots = []
      await this.#write(topic, records, roots)
      for (const root of roots) root.release()
    }
    waiting.flushing = false
  }

  /** Tries until it is done or stopped. */
  async #write(topic: string, records: readonly RecordInput[], roots: readonly Root[]): Promise<void> {
    const { log, clock, settings, signal, report, refused, appended } = this.#context
    for (let attempts = 1; ; attempts++) {
      try {
        await log.append(topic, records)
        return appended(topic, records.length)
      } catch (error) {
        if (signal.aborted) throw error
        if (isHeddleError(error, 'HEDDLE_LOG_CLOSED')) throw error
        if (!isHeddleError(error) || error.kind === 'retryable') {
          report(error)
          await sleep(clock, retryDelay(settings.restart, attempts, settings.random), signal)
          if (signal.aborted) throw new HeddleError('HEDDLE_ENGINE_STOPPED', topic, { cause: error })
          continue
        }
        if (records.length === 1) return refused(topic, roots[0]!, error)
        // All or none were taken, so one by one shows which it is.
        for (const [at, record] of records.entries()) await this.#write(topic, [record], [roots[at]!])
        return
      }
    }
  }
}
