import { listTransactionsV0 } from '@platformatic/kafka'
import type { Cluster } from '../client/cluster.ts'
import { checkCode } from '../errors.ts'
import { offsetsPlace, openTransactions } from './open-transactions.ts'
import type { KafkaTransactor } from './transactor.ts'

/** How transactors are found. */
export interface Transactors {
  /** The transactors of this process. */
  own(): Iterable<KafkaTransactor>
  /** Takes over a transactional id. */
  open(id: string): Promise<KafkaTransactor>
}

const lane = 'admin'

/**
 * Ends transactions that hold up the offsets of a group although their coordinator calls them complete (see `settling.ts`), with
 * all else that they hold up. Those whose writer lives are ended by it within moments: this is for what was killed together
 * with its brokers, and is called when offsets have been unstable for longer than that.
 * @throws KafkaError
 */
export async function endHanging(cluster: Cluster, group: string, transactors: Transactors): Promise<void> {
  const place = await offsetsPlace(cluster, group)
  for (const { producerId } of await openTransactions(cluster, lane, [place])) {
    const own = [...transactors.own()].find((transactor) => transactor.producerId === producerId)
    if (own !== undefined) {
      await own.endFormer(await heldBy(cluster, producerId), group)
      continue
    }
    const id = await idOf(cluster, producerId)
    // Complete by now, and open still: not one that has just ended.
    const open = await openTransactions(cluster, lane, [place])
    if (id === undefined || !open.some((other) => other.producerId === producerId)) continue
    const transactor = await transactors.open(id)
    try {
      await transactor.endFormer(await heldBy(cluster, producerId), group)
    } finally {
      await transactor.close()
    }
  }
}

/** The transactional id of a producer, when its transaction is complete for the coordinator. */
async function idOf(cluster: Cluster, producerId: bigint): Promise<string | undefined> {
  for (const broker of cluster.brokers) {
    const answer = await cluster.request(broker, lane, listTransactionsV0.api, [], [producerId], -1n, null)
    checkCode(answer.errorCode)
    for (const { transactionalId, transactionState } of answer.transactionStates)
      if (transactionState.startsWith('Complete')) return transactionalId
  }
  return undefined
}

/** Every partition in which the producer has an open transaction. */
async function heldBy(cluster: Cluster, producerId: bigint) {
  const topics = await cluster.allTopics()
  const places = topics.flatMap(({ name, leaders }) =>
    leaders.flatMap((leader, partition) => (leader < 0 ? [] : [{ topic: name, partition }])),
  )
  const open = await openTransactions(cluster, lane, places)
  return open.filter((transaction) => transaction.producerId === producerId)
}
