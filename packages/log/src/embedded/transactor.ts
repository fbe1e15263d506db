import {
  type AppendOptions,
  type Bytes,
  type CommittedOffset,
  type GroupMember,
  HeddleError,
  type RecordInput,
  type Store,
  type Transaction,
  type Transactor,
} from '@heddle/core'
import { AppendSet, type AppendSetContext } from './commit/append-set.ts'
import type { Committer, WriteRequest } from './commit/committer.ts'
import type { WriteTransaction } from './commit/write-transaction.ts'
import { checkOffset, checkOwner, writeOffsets } from './group/group-state.ts'
import { EmbeddedMember } from './group/member.ts'
import { nameKey } from './keys.ts'
import { EmbeddedStore, applyState, checkStateKey } from './state.ts'
import type { Topics } from './topic/topics.ts'

export interface TransactorContext {
  readonly committer: Committer
  readonly topics: Topics
  readonly appends: AppendSetContext
  /** Throws when the log is closed. */
  readonly open: () => void
  /** Called before a transaction is queued: appends that were called before it go before it. */
  readonly flush: () => void
}

const unusable = (detail: string): HeddleError => new HeddleError('HEDDLE_LOG_TRANSACTION_INVALID', detail)

export class EmbeddedTransactor implements Transactor {
  readonly id: string
  readonly epoch: number
  readonly #context: TransactorContext
  #current: EmbeddedTransaction | undefined
  #closed = false
  /** Commits under way. */
  readonly #committing = new Set<Promise<void>>()
  /** Grows when a commit fails: transactions begun before fail too, since they built on it. */
  failures = 0

  private constructor(id: string, epoch: number, context: TransactorContext) {
    this.id = id
    this.epoch = epoch
    this.#context = context
  }

  /** Takes the id over from whoever had it. */
  static async open(id: string, context: TransactorContext): Promise<EmbeddedTransactor> {
    const epoch = await context.committer.run((transaction) => {
      const next = storedEpoch(transaction, id) + 1
      transaction.put(nameKey('transactor', id), Buffer.from(String(next)))
      return next
    })
    return new EmbeddedTransactor(id, epoch, context)
  }

  begin(): Transaction {
    this.#context.open()
    if (this.#closed) throw unusable(`transactor '${this.id}' is closed`)
    if (this.#current !== undefined) throw unusable(`transactor '${this.id}' has a transaction open already`)
    this.#current = new EmbeddedTransaction(this, this.#context)
    return this.#current
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#current = undefined
    await Promise.allSettled(this.#committing)
  }

  /** The open transaction is no longer being filled. */
  ended(committing?: Promise<void>): void {
    this.#current = undefined
    if (committing === undefined) return
    this.#committing.add(committing)
    const done = (): void => void this.#committing.delete(committing)
    committing.then(done, done)
  }

  /** @throws HEDDLE_LOG_FENCED when another has opened the id since. */
  check(transaction: WriteTransaction): void {
    const epoch = storedEpoch(transaction, this.id)
    if (epoch === this.epoch) return
    throw new HeddleError('HEDDLE_LOG_FENCED', `a newer transactor has the id '${this.id}'`, {
      info: { transactor: this.id, epoch: this.epoch, newer: epoch },
    })
  }
}

function storedEpoch(transaction: WriteTransaction, id: string): number {
  return Number(transaction.tree.get(nameKey('transactor', id))?.toString() ?? '0')
}

interface OffsetsOf {
  readonly group: string
  readonly member: string
  readonly epoch: number
  readonly offsets: readonly CommittedOffset[]
}

class EmbeddedTransaction implements Transaction, WriteRequest {
  readonly #transactor: EmbeddedTransactor
  readonly #context: TransactorContext
  readonly #appends: AppendSet
  readonly #offsets: OffsetsOf[] = []
  readonly #state = new Map<EmbeddedStore, Map<string, Bytes | null>>()
  readonly #failures: number
  #stateBytes = 0
  #done = false
  #resolve: (() => void) | undefined
  #reject: ((error: HeddleError) => void) | undefined

  constructor(transactor: EmbeddedTransactor, context: TransactorContext) {
    this.#transactor = transactor
    this.#context = context
    this.#appends = new AppendSet(context.appends)
    this.#failures = transactor.failures
  }

  get bytes(): number {
    return this.#appends.bytes + this.#stateBytes
  }

  append(topic: string, records: readonly RecordInput[], options: AppendOptions = {}): void {
    this.#usable()
    this.#appends.add(this.#context.topics.get(topic), records, options.dedupe ?? false, () => {})
  }

  commitOffsets(member: GroupMember, offsets: readonly CommittedOffset[]): void {
    this.#usable()
    if (!(member instanceof EmbeddedMember)) throw unusable('the group member is of another log')
    for (const offset of offsets) checkOffset(offset)
    this.#offsets.push({ group: member.group, member: member.member, epoch: member.epoch, offsets })
  }

  put(store: Store, key: string, value: Bytes | null): void {
    this.#usable()
    if (!(store instanceof EmbeddedStore)) throw unusable('the store is of another log')
    checkStateKey(key)
    const changes = this.#state.get(store) ?? new Map<string, Bytes | null>()
    changes.set(key, value)
    this.#state.set(store, changes)
    this.#stateBytes += key.length + (value?.length ?? 0)
  }

  commit(): Promise<void> {
    this.#usable()
    this.#context.open()
    this.#done = true
    const committing = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#transactor.ended(committing)
    this.#context.flush()
    this.#appends.seal()
    this.#context.committer.submit(this)
    return committing
  }

  async abort(): Promise<void> {
    if (this.#done) return
    this.#done = true
    this.#transactor.ended()
    this.#appends.release()
  }

  apply(transaction: WriteTransaction): void {
    try {
      this.#apply(transaction)
    } catch (error) {
      // The next one may be in the same group, and must not be kept without this one.
      this.#transactor.failures++
      throw error
    }
  }

  #apply(transaction: WriteTransaction): void {
    const { topics } = this.#context
    this.#transactor.check(transaction)
    if (this.#transactor.failures !== this.#failures)
      throw unusable(`an earlier transaction of '${this.#transactor.id}' failed`)
    for (const owner of this.#offsets) checkOwner(transaction, topics, owner, owner.offsets)
    this.#appends.check()
    this.#appends.apply(transaction)
    for (const { group, offsets } of this.#offsets) writeOffsets(transaction, topics, group, offsets)
    for (const [store, changes] of this.#state) applyState(transaction, store, changes)
  }

  settle(error?: HeddleError): void {
    this.#appends.settle(error)
    if (error === undefined) return this.#resolve!()
    // So does one that was begun before this was known.
    this.#transactor.failures++
    this.#reject!(error)
  }

  #usable(): void {
    if (this.#done) throw unusable('it was committed or aborted already')
  }
}
