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
import { describeProducersV0, describeTransactionsV0 } from '@platformatic/kafka'
import type { Cluster } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import { KafkaError, checkCode, errorOf } from '../errors.ts'
import type { ProducerIdentity } from '../wire/record-batch.ts'
import { SharedEpochProtocol } from './protocol.ts'

/** The last transaction of a transactional id, as far as it may be open somewhere. */
export interface LastTransaction {
  readonly places: readonly TopicPartition[]
  readonly groups: readonly string[]
  /** How many connections of the transactor had been lost when it began: none since then means that it has ended everywhere. */
  losses: number
  /** Whether it was committed, once the coordinator has said so. */
  committed?: boolean
}

interface Speaker {
  readonly cluster: Cluster
  /** The transactional id. */
  readonly id: string
  readonly lane: string
  /** Ends the waiting for brokers. */
  readonly signal?: SignalLike
}

const offsetsTopic = '__consumer_offsets'

/**
 * Asks the coordinator how the last transaction has ended, and waits until it has.
 * @returns `undefined` when it does not know, or another one is under way: so that this has ended everywhere.
 * @throws KafkaError
 */
export function outcomeOf({ cluster, id, lane, signal }: Speaker): Promise<'open' | boolean | undefined> {
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
export async function endEverywhere(
  speaker: Speaker,
  identity: ProducerIdentity,
  { places, groups }: LastTransaction,
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
  const all = [...places]
  if (groups.length > 0) {
    const metadata = await cluster.topic(offsetsTopic)
    const partitions = metadata?.leaders.length ?? 0
    if (partitions > 0)
      for (const group of groups) all.push({ topic: offsetsTopic, partition: partitionOf(group, partitions) })
  }
  const byLeader = new Map<number, TopicPartition[]>()
  for (const place of all) {
    const leader = await cluster.leader(place.topic, place.partition)
    const others = byLeader.get(leader)
    if (others === undefined) byLeader.set(leader, [place])
    else others.push(place)
  }
  const found = await Promise.all(
    [...byLeader].map(async ([leader, some]) => {
      const topics = [...Map.groupBy(some, ({ topic }) => topic)].map(([name, ofTopic]) => ({
        name,
        partitionIndexes: [...new Set(ofTopic.map(({ partition }) => partition))],
      }))
      const answer = await cluster.request(leader, lane, describeProducersV0.api, topics)
      return answer.topics.some(({ name, partitions }) =>
        partitions.some(({ errorCode, activeProducers }) => {
          const error = errorOf(errorCode)
          if (error?.retryable === true) cluster.forgetTopic(name)
          // Who may write need not be one who may look, and a topic that was deleted holds up nobody.
          if (error !== undefined && error.retryable && error.id !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
          return activeProducers.some(
            ({ producerId, currentTxnStartOffset }) => producerId === id && currentTxnStartOffset >= 0n,
          )
        }),
      )
    }),
  )
  return found.includes(true)
}

/** Where the offsets of a group are: by Java's hash of its name, as `GroupMetadataManager.partitionFor` has it. */
export function partitionOf(group: string, partitions: number): number {
  let hash = 0
  for (let i = 0; i < group.length; i++) hash = (Math.imul(hash, 31) + group.charCodeAt(i)) | 0
  return (hash === -(2 ** 31) ? 0 : Math.abs(hash)) % partitions
}
