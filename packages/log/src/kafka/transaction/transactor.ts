/**
 * Writes transactions under a transactional id; by KIP-890 where the brokers know it: each transaction then has an epoch of its
 * own, so that nothing of a former one or of a fenced producer can get into it.
 *
 * One transaction at a time is on the brokers; those that are committed meanwhile wait for it, and share the next. Within one, all
 * records are acknowledged before the offsets are sent, and the offsets before the end: so whatever a transaction that
 * still counts has written is there when its partitions are handed on, and a new owner can restore state up to the end.
 *
 * @module
 */
import {
  HeddleError,
  type TopicPartition,
  type Transaction,
  type Transactor,
  errorMessage,
  sleep,
} from '@heddle/core'
import { initProducerIdV4 } from '@platformatic/kafka'
import { publish } from '../channels.ts'
import type { Abilities, Cluster } from '../client/cluster.ts'
import { backoffMs, retrying } from '../client/retry.ts'
import { KafkaError, errorOf, heddleError } from '../errors.ts'
import type { Appender } from '../produce/appender.ts'
import type { ProducerIdentity } from '../wire/record-batch.ts'
import { Commit } from './commit.ts'
import { EpochProtocol, SharedEpochProtocol, type TransactionProtocol } from './protocol.ts'
import { type LastTransaction, Settling } from './settling.ts'
import { KafkaTransaction, type Work } from './transaction.ts'
import { TransactionWriter } from './writer.ts'

export interface TransactorContext {
  readonly cluster: Cluster
  readonly abilities: Abilities
  readonly appender: Appender
  /** What each transactional id has written last: a transactor that takes an id again goes on from there. */
  readonly lastTransactions: Map<string, LastTransaction>
  readonly closed: () => boolean
}

interface Queued {
  readonly number: number
  readonly work: Work
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** How many of ours one transaction on the brokers takes at most: enough to hide its round trips, and bounded in memory. */
const mostTogether = 64

/** A newer transactor has the id. */
const fencing = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'TRANSACTIONAL_ID_NOT_FOUND',
  'INVALID_PRODUCER_ID_MAPPING',
])

export class KafkaTransactor implements Transactor {
  readonly id: string
  readonly #context: TransactorContext
  readonly #lane: string
  readonly #protocol: TransactionProtocol
  readonly #settling: Settling
  #identity: ProducerIdentity | undefined
  /** What the last known identity was, when the current one is in doubt. */
  #last: ProducerIdentity = { id: -1n, epoch: -1 }
  /** Why there will be no more. */
  #dead: HeddleError | undefined
  readonly #queue: Queued[] = []
  #running: Promise<void> | undefined
  /** One is being filled. */
  #open = false
  #begun = 0
  /** Transactions up to this number were begun before one of them failed. */
  #failedUpTo = 0
  #failure: HeddleError | undefined
  #closed = false
  readonly #closing = new AbortController()
  readonly #unlisten: () => void

  private constructor(id: string, context: TransactorContext) {
    this.id = id
    this.#context = context
    this.#lane = `transactor-${id}`
    const speaker = { cluster: context.cluster, id, lane: this.#lane }
    this.#settling = new Settling(speaker, context.lastTransactions)
    this.#protocol = context.abilities.transactionEpochs
      ? new EpochProtocol(speaker)
      : new SharedEpochProtocol(speaker)
    this.#unlisten = context.cluster.connections.onLoss((lane) => {
      if (lane === this.#lane && this.#doubtful) this.#running ??= this.#run()
    })
  }

  static async open(id: string, context: TransactorContext): Promise<KafkaTransactor> {
    const transactor = new KafkaTransactor(id, context)
    try {
      await transactor.#initialise()
      await transactor.#settle()
    } catch (error) {
      await transactor.close()
      throw error
    }
    return transactor
  }

  begin(): Transaction {
    if (this.#context.closed()) throw new HeddleError('HEDDLE_LOG_CLOSED')
    if (this.#closed)
      throw new HeddleError('HEDDLE_LOG_TRANSACTION_INVALID', `transactor '${this.id}' is closed`)
    if (this.#open) throw new HeddleError('HEDDLE_LOG_TRANSACTION_INVALID', 'the one before is still open')
    this.#open = true
    const number = ++this.#begun
    return new KafkaTransaction(
      (work) => this.#enqueue(number, work),
      () => (this.#open = false),
    )
  }

  /** What the brokers know it by; `undefined` when it writes no more. */
  get producerId(): bigint | undefined {
    return this.#closed || this.#dead !== undefined ? undefined : this.#identity?.id
  }

  /**
   * Ends a transaction of who had the id before, when it is known how that has ended: in the partitions where it is open, and in
   * the offsets of a group.
   */
  async endFormer(places: readonly TopicPartition[], group: string): Promise<void> {
    // What is open while it runs is its own.
    if (this.#running !== undefined || !this.#settling.endKnown) return
    this.#settling.found({ places, groups: [group] })
    this.#running = this.#run()
    await this.#running
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#closing.abort()
    this.#unlisten()
    await this.#running
    await this.#context.cluster.connections.closeLane(this.#lane)
  }

  #enqueue(number: number, work: Work): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ number, work, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    // The caller may have more to commit in this turn.
    await new Promise(setImmediate)
    for (let failures = 0; ;) {
      if (this.#queue.length > 0) await this.#commitNext()
      else if (this.#doubtful) failures = (await this.#recover(failures)) ? 0 : failures + 1
      else break
    }
    // At once, so that nothing that comes is left in the queue.
    this.#running = undefined
  }

  get #doubtful(): boolean {
    return !this.#closed && this.#dead === undefined && this.#settling.doubtful
  }

  /** While nothing is to be committed: readers wait for the last transaction. Waits after a failure. */
  async #recover(failures: number): Promise<boolean> {
    const { signal } = this.#closing
    try {
      if (this.#identity === undefined) await this.#initialise()
      await this.#settle(signal)
      return true
    } catch (error) {
      this.#noteFencing(error)
      publish('heddle:log:kafka:background-error', () => ({ task: 'transaction', error }))
      if (this.#dead === undefined)
        await sleep(this.#context.cluster.settings.clock, backoffMs(failures), signal)
      return false
    }
  }

  async #settle(signal?: AbortSignal): Promise<void> {
    if (this.#identity !== undefined) await this.#settling.settle(this.#identity, signal)
  }

  /** Commits all that waits as one transaction: each is kept with those before it, or not at all. */
  async #commitNext(): Promise<void> {
    const commit = new Commit(this.#context.appender)
    const taken: Queued[] = []
    let refused: unknown
    while (this.#queue.length > 0 && taken.length < mostTogether) {
      const next = this.#queue[0]!
      try {
        // It was filled on the ground of one that was not kept.
        if (this.#failure !== undefined && next.number <= this.#failedUpTo) throw this.#failure
        if (this.#dead !== undefined) throw this.#dead
        await commit.add(next.work)
      } catch (error) {
        refused = error
        break
      }
      taken.push(this.#queue.shift()!)
    }
    try {
      if (taken.length > 0 && !commit.empty) await this.#send(commit)
      for (const { resolve } of taken) resolve()
    } catch (error) {
      this.#fail(taken, error)
      return
    }
    if (refused !== undefined) this.#fail([this.#queue.shift()!], refused)
  }

  #fail(queued: readonly Queued[], error: unknown): void {
    this.#failure = this.#errorOf(error)
    this.#failedUpTo = this.#begun
    for (const { reject } of queued) reject(this.#failure)
  }

  async #send(commit: Commit): Promise<void> {
    const { cluster } = this.#context
    const { clock } = cluster.settings
    if (this.#identity === undefined) await this.#initialise()
    const identity = this.#identity!
    await this.#settle()
    const { losses } = this.#settling
    const settle = (): Promise<void> => this.#settle()
    const writer = new TransactionWriter(cluster, this.id, this.#lane, identity, this.#protocol, settle)
    const started = clock.now()
    let written: () => Promise<void>
    try {
      written = await commit.write(writer)
      const produced = clock.now()
      await commit.writeOffsets(writer)
      const sent = clock.now()
      await this.#end(identity, true)
      this.#settling.ended(commit, losses)
      publish('heddle:log:kafka:transaction', () => ({
        transactor: this.id,
        result: 'committed',
        records: writer.records,
        produceMs: produced - started,
        offsetsMs: sent - produced,
        endMs: clock.now() - sent,
      }))
    } catch (error) {
      commit.failed()
      if (this.#identity === identity && (await this.#abort(identity))) this.#settling.ended(commit, losses)
      else this.#settling.failed(commit)
      publish('heddle:log:kafka:transaction', () => ({
        transactor: this.id,
        result: 'aborted',
        records: writer.records,
        produceMs: 0,
        offsetsMs: 0,
        endMs: clock.now() - started,
      }))
      throw error
    }
    await written()
  }

  /** @returns whether the coordinator has taken it. */
  async #abort(identity: ProducerIdentity): Promise<boolean> {
    try {
      // Else the coordinator would say of the one before, which may be open in a partition, that it was aborted.
      await this.#settle()
      await this.#end(identity, false)
      return true
    } catch (error) {
      // Then it is aborted by what comes next: the identity is asked for anew, or the transaction times out.
      this.#last = identity
      this.#identity = undefined
      this.#noteFencing(error)
      return false
    }
  }

  /** Ends the transaction; the answer has the identity for the next. An answer that was lost is given again. */
  async #end(identity: ProducerIdentity, commit: boolean): Promise<void> {
    const { cluster } = this.#context
    const { clock, deliveryTimeoutMs } = cluster.settings
    try {
      const { next } = await retrying(clock, deliveryTimeoutMs, async (count) => {
        if (count > 0 && !commit) await this.#settle()
        const answer = await this.#protocol.end(commit)
        const error = errorOf(answer.errorCode)
        if (error === undefined) return answer
        // Nothing of it came to the coordinator: there is nothing to abort.
        if (!commit && error.id === 'INVALID_TXN_STATE') return { next: identity }
        if (error.retryable && error.id !== 'CONCURRENT_TRANSACTIONS')
          cluster.forgetCoordinator('transaction', this.id)
        // Of a coordinator that met a newer transactor in the middle of it, and did not see what that means; the next answer says.
        if (error.id === 'UNKNOWN_SERVER_ERROR') throw new KafkaError(error.id, null, { retryable: true })
        throw error
      })
      if (next === undefined) this.#last = identity
      this.#identity = next
    } catch (error) {
      if (commit) {
        this.#last = identity
        this.#identity = undefined
      }
      throw error
    }
  }

  /**
   * Takes the id, and aborts what a former transactor left open under it. Again under an identity that is known: only
   * unless a newer transactor has the id.
   */
  async #initialise(): Promise<void> {
    const { cluster } = this.#context
    const { clock, deliveryTimeoutMs, transactionTimeoutMs } = cluster.settings
    const { id, epoch } = this.#last
    try {
      await this.#settling.noteEnd()
      this.#identity = await retrying(clock, deliveryTimeoutMs, async () => {
        const answer = await cluster.requestCoordinator(
          'transaction',
          this.id,
          this.#lane,
          initProducerIdV4.api,
          this.id,
          transactionTimeoutMs,
          id,
          epoch,
        )
        const error = errorOf(answer.errorCode)
        if (error === undefined) return { id: answer.producerId, epoch: answer.producerEpoch }
        if (error.retryable && error.id !== 'CONCURRENT_TRANSACTIONS')
          cluster.forgetCoordinator('transaction', this.id)
        throw error
      })
    } catch (error) {
      this.#noteFencing(error)
      throw error
    }
  }

  #noteFencing(error: unknown): void {
    if (error instanceof KafkaError && fencing.has(error.id))
      this.#dead ??= new HeddleError('HEDDLE_LOG_FENCED', `transactor '${this.id}': ${errorMessage(error)}`, {
        cause: error,
        info: { transactor: this.id },
      })
  }

  #errorOf(error: unknown): HeddleError {
    this.#noteFencing(error)
    return this.#dead ?? heddleError(error, `commit of transactor '${this.id}'`)
  }
}
