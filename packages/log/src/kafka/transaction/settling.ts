/**
 * Ends in the partitions what has ended for the coordinator.
 *
 * A transaction is over when its coordinator has written a marker into each partition that takes part. Brokers of Kafka 4.3 and
 * 4.4 leave out a partition that has no leader just then, and call the transaction complete (KAFKA-20734): when the last broker
 * that has the partition was killed. It comes back with the transaction open in the partition, for ever: nobody reads
 * beyond it, the group's offsets stay unstable, and the next transaction of the same producer decides about it.
 *
 * So whoever has lost a connection looks whether his last transaction is open anywhere, and ends it again: an empty transaction of
 * the same partitions, with the same outcome, whose marker ends both. The outcome is what the coordinator says.
 * Partitions come into it by requests of before KIP-890, since there is nothing to be written.
 *
 * @module
 */
import type { SignalLike, TopicPartition } from '@heddle/core'
import { describeTransactionsV0 } from '@platformatic/kafka'
import { publish } from '../channels.ts'
import type { Cluster } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import { KafkaError, checkCode, errorOf } from '../errors.ts'
import type { ProducerIdentity } from '../wire/record-batch.ts'
import { offsetsPlace, openTransactions } from './open-transactions.ts'
import { SharedEpochProtocol } from './protocol.ts'

interface Speaker {
  readonly cluster: Cluster
  /** The transactional id. */
  readonly id: string
  readonly lane: string
  /** Ends the waiting for brokers. */
  readonly signal?: SignalLike
}

/** Where a transaction takes part. */
interface Parts {
  readonly places: readonly TopicPartition[]
  readonly groups: readonly string[]
}

/** The last transaction of a transactional id, as far as it may be open somewhere. */
export interface LastTransaction extends Parts {
  /** How many connections of the transactor had been lost when it began: none since then means that it has ended everywhere. */
  losses: number
  /** Whether it was committed, once the coordinator has said so. */
  committed?: boolean
}

/** For the number of lost connections: the last transaction is to be looked at in any case. */
const inDoubt = -1

/** What is known of the last transaction of a transactional id. */
export class Settling {
  readonly #speaker: Speaker
  readonly #known: Map<string, LastTransaction>

  /** @param known By transactional id: a transactor that takes an id again goes on from there. */
  constructor(speaker: Speaker, known: Map<string, LastTransaction>) {
    this.#speaker = speaker
    this.#known = known
  }

  /** How many connections were lost by now. */
  get losses(): number {
    return this.#speaker.cluster.connections.losses(this.#speaker.lane)
  }

  /** It may be open in a partition although its coordinator calls it complete. */
  get doubtful(): boolean {
    return this.#last !== undefined && this.#last.losses !== this.losses
  }

  /** It is known how it has ended, though not where it took part: it was of a former process. */
  get endKnown(): boolean {
    return this.#last?.committed !== undefined
  }

  /** @param losses How many connections had been lost when it began. */
  ended(parts: Parts, losses: number): void {
    this.#note(parts, losses, this.doubtful)
  }

  /** Whether it has begun at all is not known: it may be the one before that the coordinator speaks of. */
  failed(parts: Parts): void {
    this.#note(parts, inDoubt, true)
  }

  /** @param before With where the one before took part, which may be open still. */
  #note({ places, groups }: Parts, losses: number, before: boolean): void {
    const former = before ? this.#last : undefined
    const all = [...places, ...(former?.places ?? [])]
    this.#known.set(this.#speaker.id, {
      places: [...new Map(all.map((place) => [`${place.topic} ${place.partition}`, place])).values()],
      groups: [...new Set([...groups, ...(former?.groups ?? [])])],
      losses,
    })
  }

  /** Where it took part is known now. */
  found(parts: Parts): void {
    this.#known.set(this.#speaker.id, { ...this.#last, ...parts, losses: inDoubt })
  }

  /**
   * The id is about to be taken anew, and then the coordinator does not know any more how the last transaction has ended.
   * @throws KafkaError
   */
  async noteEnd(): Promise<void> {
    const last = this.#last
    if (last !== undefined && !this.doubtful) return
    const outcome = await outcomeOf(this.#speaker)
    if (outcome === undefined) return
    // An open one is aborted by who takes the id.
    const committed = outcome === true
    if (last !== undefined) last.committed = committed
    else this.#known.set(this.#speaker.id, { places: [], groups: [], losses: this.losses, committed })
  }

  /**
   * Sees to it that it has ended wherever it took part, when connections were lost since it began.
   * @param identity Who writes the next one.
   * @throws KafkaError
   */
  async settle(identity: ProducerIdentity, signal?: SignalLike): Promise<void> {
    const last = this.#last
    if (last === undefined) return
    const speaker = signal === undefined ? this.#speaker : { ...this.#speaker, signal }
    while (last.losses !== this.losses) {
      const losses = this.losses
      const outcome = await outcomeOf(speaker)
      if (outcome === 'open') {
        // It was let begin only when the one before had ended.
        this.#known.delete(speaker.id)
        return
      }
      if (outcome !== undefined) last.committed = outcome
      const { committed } = last
      if (committed !== undefined && (await endEverywhere(speaker, identity, last, committed)))
        publish('heddle:log:kafka:settled', () => ({ transactor: speaker.id, committed }))
      last.losses = losses
    }
  }

  get #last(): LastTransaction | undefined {
    return this.#known.get(this.#speaker.id)
  }
}

/**
 * Asks the coordinator how the last transaction has ended, and waits until it has.
 * @returns `undefined` when it does not know, or another one is under way: so that this has ended everywhere.
 * @throws KafkaError
 */
function outcomeOf({ cluster, id, lane, signal }: Speaker): Promise<'open' | boolean | undefined> {
  const { clock, deliveryTimeoutMs } = cluster.settings
  const ask = async (): Promise<'open' | boolean | undefined> => {
    const answer = await cluster.requestCoordinator('transaction', id, lane, describeTransactionsV0.api, [id])
    const found = answer.transactionStates[0]!
    const error = errorOf(found.errorCode)
    if (error?.id === 'TRANSACTIONAL_ID_NOT_FOUND') return undefined
    if (error !== undefined) {
      if (error.retryable) cluster.forgetCoordinator('transaction', id)
      throw error
    }
    if (found.transactionState.startsWith('Prepare')) throw new KafkaError('CONCURRENT_TRANSACTIONS', id)
    if (found.transactionState === 'Ongoing') return 'open'
    if (found.transactionState === 'CompleteCommit') return true
    return found.transactionState === 'CompleteAbort' ? false : undefined
  }
  return retrying(clock, deliveryTimeoutMs, ask, signal)
}

/**
 * Ends the transaction again wherever it is open, until it is open nowhere.
 * @param identity Who writes the next transaction. None is under way.
 * @returns whether there was anything to end.
 * @throws KafkaError
 */
async function endEverywhere(
  speaker: Speaker,
  identity: ProducerIdentity,
  { places, groups }: Parts,
  committed: boolean,
): Promise<boolean> {
  const { cluster, signal } = speaker
  const { clock, deliveryTimeoutMs } = cluster.settings
  const attempt = async (count: number): Promise<boolean> => {
    if (!(await isOpen(speaker, identity, places, groups))) return count > 0
    const protocol = new SharedEpochProtocol(speaker)
    protocol.begin(identity)
    await protocol.addPartitions(places)
    for (const group of groups) await protocol.addGroup(group)
    const { errorCode } = await protocol.end(committed)
    checkCode(errorCode)
    await outcomeOf(speaker)
    // Its markers may have been left out again: the next look says so.
    throw new KafkaError('CONCURRENT_TRANSACTIONS', speaker.id)
  }
  return retrying(clock, deliveryTimeoutMs, attempt, signal)
}

/** Whether any of the partitions has an open transaction of that producer. @throws KafkaError when one has no leader now. */
async function isOpen(
  { cluster, lane }: Speaker,
  { id }: ProducerIdentity,
  places: readonly TopicPartition[],
  groups: readonly string[],
): Promise<boolean> {
  const all = [...places, ...(await Promise.all(groups.map((group) => offsetsPlace(cluster, group))))]
  const open = await openTransactions(cluster, lane, all)
  return open.some(({ producerId }) => producerId === id)
}
