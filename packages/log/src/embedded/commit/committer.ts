/**
 * Group commit: one LMDB transaction at a time, with all that has come in by the time its lock is had. While it is being
 * synced, the next ones gather. So the rate of fsyncs, not of appends, is what the disk limits.
 *
 * @module
 */
import { type HeddleError, isHeddleError } from '@heddle/core'
import { ABORT } from 'lmdb'
import { whyNoRoom } from '../../disk/why-no-room.ts'
import { publish } from '../channels.ts'
import { dataFile, storageError } from '../database.ts'
import type { Settings } from '../options.ts'
import type { Tree } from '../tree.ts'
import { type Tail, WriteTransaction, readTail } from './write-transaction.ts'

/** Something to be written. */
export interface WriteRequest {
  /** About how much it writes. */
  readonly bytes: number
  /**
   * Writes. A HeddleError fails this request alone, and must be thrown before anything is changed; anything else fails
   * the whole transaction.
   */
  apply(transaction: WriteTransaction): void
  /** It is on disk, or, with an error, not kept. */
  settle(error?: HeddleError): void
}

export interface CommitListener {
  /** Another process has written since the last transaction: what was known may be out of date. */
  foreign(tail: Tail): void
  /** Nothing of the transaction was kept: what it changed in memory is wrong. */
  failed(transaction: WriteTransaction): void
  /** It is on disk. */
  committed(transaction: WriteTransaction): void
}

/** From here on writing takes longer than a sync, so that there is more to win by overlapping than by sharing one. */
const halvedBytes = 2 ** 20

export class Committer {
  readonly #tree: Tree
  readonly #settings: Settings
  readonly #listener: CommitListener
  #queue: WriteRequest[] = []
  #running: Promise<void> | undefined
  /** Tells the last group that it is on disk; see `#settleLast`. */
  #unsettled: (() => void) | undefined
  /** As of the last transaction of this process. */
  #tail: Tail

  constructor(tree: Tree, settings: Settings, listener: CommitListener) {
    this.#tree = tree
    this.#settings = settings
    this.#listener = listener
    this.#tail = readTail(tree)
  }

  /** Queues a request; it is settled later, in the order of the calls. */
  submit(request: WriteRequest): void {
    this.#queue.push(request)
    this.#running ??= this.#run()
  }

  /** Queues `apply`, and answers what it returned once that is on disk. */
  run<T>(apply: (transaction: WriteTransaction) => T, bytes = 0): Promise<T> {
    return new Promise((resolve, reject) => {
      let answer: T
      this.submit({
        bytes,
        apply(transaction) {
          answer = apply(transaction)
        },
        settle: (error) => (error === undefined ? resolve(answer) : reject(error)),
      })
    })
  }

  /** Commits that this process knows of. */
  get commits(): number {
    return this.#tail.commits
  }

  /** Waits until all that was submitted is settled. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#commit()
      if (this.#queue.length === 0) this.#settleLast()
    }
    this.#running = undefined
  }

  async #commit(): Promise<void> {
    let group: readonly WriteRequest[] = []
    let transaction: WriteTransaction | undefined
    let tail = this.#tail
    let applied = 0
    let applyMs = 0
    const errors = new Map<WriteRequest, HeddleError>()
    try {
      await this.#tree.childTransaction(() => {
        const began = performance.now()
        const found = readTail(this.#tree)
        if (found.commits !== this.#tail.commits) this.#listener.foreign(found)
        transaction = new WriteTransaction(this.#tree, found, this.#settings.clock.now())
        group = this.#take()
        for (const request of group) {
          try {
            request.apply(transaction)
          } catch (error) {
            if (!isHeddleError(error)) throw error
            errors.set(request, error)
          }
        }
        const { wrote } = transaction
        if (wrote) tail = transaction.finish()
        applied = performance.now()
        applyMs = applied - began
        this.#settleLast()
        return wrote ? undefined : ABORT
      })
    } catch (thrown) {
      await this.#fail(group, transaction, thrown)
      return
    }
    const syncMs = performance.now() - applied
    this.#tail = tail
    this.#listener.committed(transaction!)
    this.#unsettled = () => {
      for (const request of group) request.settle(errors.get(request))
    }
    publish('heddle:log:commit', () => ({
      path: this.#settings.path,
      requests: group.length,
      records: transaction!.records,
      duplicates: transaction!.duplicates,
      batches: transaction!.batches,
      bytes: transaction!.batchBytes,
      applyMs,
      syncMs,
    }))
  }

  /**
   * Tells a group that it is on disk only when the next one is handed to the disk, if one waits. What the callers do on
   * hearing it, mostly to append more, then goes on while the disk works, instead of before.
   */
  #settleLast(): void {
    const settle = this.#unsettled
    this.#unsettled = undefined
    settle?.()
  }

  /**
   * The requests of one transaction: all that wait, when they are small. Of larger ones half, so that the callers of one
   * half fill the next transaction while the other half is written; no more than one may have, and at least one.
   */
  #take(): readonly WriteRequest[] {
    const waiting = this.#queue.reduce((sum, { bytes }) => sum + bytes, 0)
    const most = waiting <= halvedBytes ? waiting : Math.min(waiting / 2, this.#settings.maxCommitBytes)
    let bytes = 0
    let count = 0
    while (count < this.#queue.length) {
      bytes += this.#queue[count]!.bytes
      if (count > 0 && bytes > most) break
      count++
    }
    if (count === this.#queue.length) {
      const all = this.#queue
      this.#queue = []
      return all
    }
    return this.#queue.splice(0, count)
  }

  async #fail(
    group: readonly WriteRequest[],
    transaction: WriteTransaction | undefined,
    thrown: unknown,
  ): Promise<void> {
    this.#settleLast()
    let error = storageError(await commitError(thrown))
    if (error.code === 'HEDDLE_LOG_IO') {
      const bytes = group.reduce((sum, request) => sum + request.bytes, 0)
      const why = whyNoRoom(dataFile(this.#settings.path), bytes)
      if (why !== undefined) error = storageError(why)
    }
    if (transaction !== undefined) this.#listener.failed(transaction)
    // When not even the transaction could begin, nothing was taken: all that wait are told.
    const failed = group.length > 0 ? group : this.#take()
    for (const request of failed) request.settle(error)
    publish('heddle:log:commit-failed', () => ({
      path: this.#settings.path,
      requests: failed.length,
      code: error.code,
      message: error.message,
    }))
  }
}

/** lmdb rejects with a general error that has a promise of the cause. */
async function commitError(thrown: unknown): Promise<unknown> {
  const cause = (thrown as { commitError?: Promise<unknown> } | undefined)?.commitError
  if (cause === undefined) return thrown
  try {
    return await cause
  } catch (error) {
    return error
  }
}
