import type { Cluster } from '../client/cluster.ts'
import { KafkaError, errorOf } from '../errors.ts'
import { type ProduceBatch, produceApi } from '../wire/produce.ts'

/** What became of one batch: where it is now, or why it is not. */
export type Sent = { readonly baseOffset: number } | { readonly error: KafkaError }

/** What one request may hold, in bytes; more goes into another one beside it. */
const maxRequestBytes = 4 * 2 ** 20

/** Sends each batch to the leader of its partition, once, and tells for each what became of it. Never throws. */
export async function sendBatches<Batch extends ProduceBatch>(
  cluster: Cluster,
  lane: string,
  transactionalId: string | null,
  version: number,
  batches: readonly Batch[],
): Promise<Map<Batch, Sent>> {
  const sent = new Map<Batch, Sent>()
  const byLeader = new Map<number, Batch[]>()
  await Promise.all(
    batches.map(async (batch) => {
      try {
        const leader = await cluster.leader(batch.topic, batch.partition)
        const others = byLeader.get(leader)
        if (others === undefined) byLeader.set(leader, [batch])
        else others.push(batch)
      } catch (error) {
        sent.set(batch, { error: asKafkaError(error) })
      }
    }),
  )
  const requests = [...byLeader].flatMap(([leader, toLeader]) =>
    inRequests(toLeader).map((together) =>
      sendTo(cluster, leader, lane, transactionalId, version, together, sent),
    ),
  )
  await Promise.all(requests)
  for (const [batch, result] of sent)
    if ('error' in result && result.error.retryable) cluster.forgetTopic(batch.topic)
  return sent
}

async function sendTo<Batch extends ProduceBatch>(
  cluster: Cluster,
  leader: number,
  lane: string,
  transactionalId: string | null,
  version: number,
  batches: readonly Batch[],
  sent: Map<Batch, Sent>,
): Promise<void> {
  try {
    const { requestTimeoutMs } = cluster.settings
    const api = produceApi(version)
    const answers = await cluster.request(leader, lane, api, transactionalId, requestTimeoutMs, batches)
    for (const batch of batches) {
      const answer = answers.find(
        ({ topic, partition }) => topic === batch.topic && partition === batch.partition,
      )
      const error =
        answer === undefined
          ? new KafkaError('UNKNOWN_SERVER_ERROR', 'the answer has nothing on the partition')
          : errorOf(answer.errorCode, answer.message)
      sent.set(batch, error === undefined ? { baseOffset: answer!.baseOffset } : { error })
    }
  } catch (error) {
    for (const batch of batches) sent.set(batch, { error: asKafkaError(error) })
  }
}

function inRequests<Batch extends ProduceBatch>(batches: readonly Batch[]): Batch[][] {
  const requests: Batch[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const batch of batches) {
    if (bytes + batch.batch.length > maxRequestBytes) {
      requests.push([])
      bytes = 0
    }
    requests.at(-1)!.push(batch)
    bytes += batch.batch.length
  }
  return requests
}

export function asKafkaError(error: unknown): KafkaError {
  return error instanceof KafkaError
    ? error
    : new KafkaError('UNKNOWN_SERVER_ERROR', (error as Error).message, { cause: error, retryable: false })
}
