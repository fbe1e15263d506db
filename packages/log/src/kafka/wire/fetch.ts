/**
 * Fetch, version 12, without sessions. https://kafka.apache.org/protocol#The_Messages_Fetch
 *
 * ```
 * request   = replica int32 (-1), maxWaitMs int32, minBytes int32, maxBytes int32, isolation int8 (1: committed),
 *             session int32 (0), epoch int32 (-1), topic*, forgotten*, rack compact string, tags
 * topic     = name, [partition int32, leaderEpoch int32 (-1), offset int64, lastEpoch int32 (-1), start int64 (-1),
 *             maxBytes int32, tags]*, tags
 * response  = throttleMs int32, error int16, session int32, [name, partition*, tags]*, tags
 * partition = index int32, error int16, highWatermark int64, lastStableOffset int64, startOffset int64,
 *             [producerId int64, firstOffset int64, tags]* (aborted), replica int32, batches compact bytes, tags
 * ```
 *
 * @module
 */
import type { Position } from '@heddle/core'
import { ByteWriter } from './bytes.ts'
import { command } from './command.ts'
import type { AbortedTransaction } from './record-batch.ts'

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** End of what is in enough copies, transactions that are open included. */
  readonly highWatermark: number
  /** End of what can be read: no transaction is open before it. */
  readonly lastStableOffset: number
  readonly aborted: readonly AbortedTransaction[]
  readonly batches: Buffer | null
}

export interface FetchAnswer {
  readonly errorCode: number
  readonly partitions: readonly FetchedPartition[]
}

function encode(positions: readonly Position[], maxWaitMs: number, maxBytes: number): Buffer[] {
  const writer = new ByteWriter(64 + 64 * positions.length)
  writer.int32(-1).int32(maxWaitMs).int32(1).int32(maxBytes).int8(1).int32(0).int32(-1)
  const topics = Map.groupBy(positions, ({ topic }) => topic)
  writer.compactArray([...topics], ([topic, ofTopic]) => {
    writer.compactString(topic).compactArray(ofTopic, ({ partition, offset }) => {
      writer.int32(partition).int32(-1).int64(offset).int32(-1).int64(-1).int32(maxBytes).noTags()
    })
    writer.noTags()
  })
  writer.uvarint(1).compactString('').noTags()
  return [writer.take()]
}

export const fetchApi = command(1, 12, encode, (reader): FetchAnswer => {
  reader.int32()
  const errorCode = reader.int16()
  reader.int32()
  const partitions = reader
    .compactArray(() => {
      const topic = reader.compactString()!
      const ofTopic = reader.compactArray((): FetchedPartition => {
        const partition = reader.int32()
        const code = reader.int16()
        const highWatermark = reader.int64()
        const lastStableOffset = reader.int64()
        reader.int64()
        const aborted = reader.compactArray(() => {
          const transaction = { producerId: reader.bigint64(), firstOffset: reader.int64() }
          reader.tags()
          return transaction
        })
        reader.int32()
        const batches = reader.compactBytes()
        reader.tags()
        return { topic, partition, errorCode: code, highWatermark, lastStableOffset, aborted, batches }
      })
      reader.tags()
      return ofTopic
    })
    .flat()
  return { errorCode, partitions }
})
