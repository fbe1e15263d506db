import type { SignalLike } from '@heddle/core'
import type { Cluster } from '../client/cluster.ts'
import { retrying } from '../client/retry.ts'
import { KafkaError, checkCode } from '../errors.ts'
import { fetchApi } from '../wire/fetch.ts'
import { type AbortedTransaction, endOfBatches } from '../wire/record-batch.ts'
import type { Lanes } from './lanes.ts'

/** What one fetch had of a changelog, as the broker sent it. */
export interface Chunk {
  readonly batches: Buffer
  readonly aborted: readonly AbortedTransaction[]
  readonly from: number
  /** Where the next one begins. */
  readonly to: number
}

/** Bytes of one fetch: enough for the way to the broker not to matter, and little beside what a restore may take. */
const fetchBytes = 4 * 2 ** 20

/** How long a broker waits for an open transaction to end before it answers that there is nothing, in ms. */
const waitMs = 1_000

export interface ReadContext {
  readonly cluster: Cluster
  readonly lanes: Lanes
  /** Ends what is being read when the log is closed. */
  readonly closing: SignalLike
}

/**
 * Reads a changelog on from an offset up to `end`, committed changes only; a transaction that is open before `end` is waited for. The next
 * chunk is on its way while one is taken.
 */
export async function* readChangelog(
  { cluster, lanes, closing }: ReadContext,
  topic: string,
  from: number,
  end: number,
): AsyncGenerator<Chunk> {
  const fetch = (offset: number): Promise<Chunk> => {
    const next = lanes.use((lane) => fetchChunk(cluster, topic, offset, lane, closing))
    // Whoever waits for it is told; nobody does when the reading is given up before.
    next.catch(() => undefined)
    return next
  }
  let next = from < end ? fetch(from) : undefined
  while (next !== undefined) {
    const chunk: Chunk = await next
    if (closing.aborted) return
    next = chunk.to < end ? fetch(chunk.to) : undefined
    if (chunk.to > chunk.from) yield chunk
  }
}

async function fetchChunk(
  cluster: Cluster,
  topic: string,
  offset: number,
  lane: string,
  signal: SignalLike,
): Promise<Chunk> {
  const { clock, deliveryTimeoutMs } = cluster.settings
  return retrying(
    clock,
    deliveryTimeoutMs,
    async () => {
      try {
        const leader = await cluster.leader(topic, 0)
        const position = { topic, partition: 0, offset }
        const answer = await cluster.request(leader, lane, fetchApi, [position], waitMs, fetchBytes)
        checkCode(answer.errorCode)
        const partition = answer.partitions[0]
        if (partition === undefined)
          throw new KafkaError('UNKNOWN_SERVER_ERROR', 'a fetch without its partition')
        checkCode(partition.errorCode)
        const { batches, aborted } = partition
        const to = batches === null ? offset : endOfBatches(batches, offset)
        return { batches: batches ?? Buffer.alloc(0), aborted, from: offset, to }
      } catch (error) {
        cluster.forgetTopic(topic)
        throw error
      }
    },
    signal,
  )
}
