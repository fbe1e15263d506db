/**
 * How a transaction is spoken of with the brokers: by KIP-890, or by the requests of before.
 *
 * @module
 */
import type { CommittedOffset, TopicPartition } from '@heddle/core'
import type { API } from '@platformatic/kafka'
import type { Cluster } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import { type KafkaError, errorOf } from '../errors.ts'
import type { ProducerIdentity } from '../wire/record-batch.ts'
import {
  type Ended,
  type MemberIdentity,
  addOffsetsV3,
  addPartitionsV3,
  commitOffsetsV3,
  commitOffsetsV5,
  endTransactionV3,
  endTransactionV5,
} from '../wire/transaction.ts'

export interface TransactionProtocol {
  /** The version of Produce that goes with it. */
  readonly produceVersion: number
  /** Begins a transaction; gives the next sequence of each partition (`topic partition`), to be kept up to date. */
  begin(identity: ProducerIdentity): Map<string, number>
  /** Called before records are written to the partitions. @throws KafkaError */
  addPartitions(places: readonly TopicPartition[]): Promise<void>
  /** Called before offsets of the group are written. @throws KafkaError */
  addGroup(group: string): Promise<void>
  /** @returns the error code of each partition. */
  commitOffsets(member: MemberIdentity, offsets: readonly CommittedOffset[]): Promise<readonly number[]>
  /** Ends the transaction; `next` is who writes the next one, or nothing when that has to be asked for. */
  end(commit: boolean): Promise<Omit<Ended, 'next'> & { readonly next: ProducerIdentity | undefined }>
}

interface Speaker {
  readonly cluster: Cluster
  /** The transactional id. */
  readonly id: string
  readonly lane: string
}

/** By KIP-890: partitions and groups come into a transaction by being written, and each has an epoch of its own. */
export class EpochProtocol implements TransactionProtocol {
  readonly produceVersion = 12
  readonly #speaker: Speaker
  #identity: ProducerIdentity = { id: -1n, epoch: -1 }

  constructor(speaker: Speaker) {
    this.#speaker = speaker
  }

  begin(identity: ProducerIdentity): Map<string, number> {
    this.#identity = identity
    return new Map()
  }

  async addPartitions(): Promise<void> {}

  async addGroup(): Promise<void> {}

  async commitOffsets(member: MemberIdentity, offsets: readonly CommittedOffset[]) {
    const { cluster, id, lane } = this.#speaker
    const results = await cluster.requestCoordinator(
      'group',
      member.group,
      lane,
      commitOffsetsV5,
      id,
      this.#identity,
      member,
      offsets,
    )
    return results.map(({ errorCode }) => errorCode)
  }

  end(commit: boolean): Promise<Ended> {
    const { cluster, id, lane } = this.#speaker
    return cluster.requestCoordinator('transaction', id, lane, endTransactionV5, id, this.#identity, commit)
  }
}

/**
 * By the requests of before KIP-890: the coordinator is told which partitions and groups take part, and all transactions of a
 * transactor have one epoch and go on with its sequences. After one that failed nobody knows which of its records came, so that
 * a new epoch is asked for.
 */
export class SharedEpochProtocol implements TransactionProtocol {
  /** The newest that all brokers know of those that do not add partitions. */
  readonly produceVersion = 9
  readonly #speaker: Speaker
  #identity: ProducerIdentity = { id: -1n, epoch: -1 }
  #sequences = new Map<string, number>()
  readonly #added = new Set<string>()

  constructor(speaker: Speaker) {
    this.#speaker = speaker
  }

  begin(identity: ProducerIdentity): Map<string, number> {
    if (identity.id !== this.#identity.id || identity.epoch !== this.#identity.epoch)
      this.#sequences = new Map()
    this.#identity = identity
    this.#added.clear()
    return this.#sequences
  }

  async addPartitions(places: readonly TopicPartition[]): Promise<void> {
    const keyOf = ({ topic, partition }: TopicPartition): string => `${topic} ${partition}`
    const coming = places.filter((place) => !this.#added.has(keyOf(place)))
    if (coming.length === 0) return
    await this.#ask(addPartitionsV3, coming, (results) => {
      const errors = results.flatMap(({ errorCode }) => errorOf(errorCode) ?? [])
      // What was not tried says nothing of why.
      return errors.find(({ id }) => id !== 'OPERATION_NOT_ATTEMPTED') ?? errors[0]
    })
    for (const place of coming) this.#added.add(keyOf(place))
  }

  async addGroup(group: string): Promise<void> {
    await this.#ask(addOffsetsV3, group, (code) => errorOf(code))
    this.#added.add(`group ${group}`)
  }

  async commitOffsets(member: MemberIdentity, offsets: readonly CommittedOffset[]) {
    const { cluster, id, lane } = this.#speaker
    const results = await cluster.requestCoordinator(
      'group',
      member.group,
      lane,
      commitOffsetsV3,
      id,
      this.#identity,
      member,
      offsets,
    )
    return results.map(({ errorCode }) => errorCode)
  }

  async end(commit: boolean) {
    const { cluster, id, lane } = this.#speaker
    const next = commit ? this.#identity : undefined
    // The coordinator has not heard of it.
    if (this.#added.size === 0) return { errorCode: 0, next }
    const errorCode = await cluster.requestCoordinator(
      'transaction',
      id,
      lane,
      endTransactionV3,
      id,
      this.#identity,
      commit,
    )
    return { errorCode, next }
  }

  /** Tells the coordinator, which answers CONCURRENT_TRANSACTIONS until the marks of the last transaction are written. */
  async #ask<What, Answer>(
    api: API<[string, ProducerIdentity, What], Answer>,
    what: What,
    errorIn: (answer: Answer) => KafkaError | undefined,
  ): Promise<void> {
    const { cluster, id, lane } = this.#speaker
    const { clock, deliveryTimeoutMs } = cluster.settings
    await retrying(clock, deliveryTimeoutMs, async () => {
      const answer = await cluster.requestCoordinator('transaction', id, lane, api, id, this.#identity, what)
      const error = errorIn(answer)
      if (error === undefined) return
      if (error.retryable && error.id !== 'CONCURRENT_TRANSACTIONS')
        cluster.forgetCoordinator('transaction', id)
      throw error
    })
  }
}
