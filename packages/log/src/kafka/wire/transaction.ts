/**
 * What a transaction is made of: in the versions of KIP-890, and in those of before, where partitions and groups are added
 * to it by requests of their own and its end brings no new epoch.
 * https://kafka.apache.org/protocol#The_Messages_EndTxn, https://kafka.apache.org/protocol#The_Messages_TxnOffsetCommit,
 * https://kafka.apache.org/protocol#The_Messages_AddPartitionsToTxn, https://kafka.apache.org/protocol#The_Messages_AddOffsetsToTxn
 *
 * ```
 * EndTxn request            = transactionalId, producerId int64, epoch int16, committed boolean, tags
 * EndTxn response 3         = throttleMs int32, error int16, tags
 * EndTxn response 5         = throttleMs int32, error int16, producerId int64, epoch int16, tags   ; for the next transaction
 * TxnOffsetCommit request   = transactionalId, group, producerId int64, epoch int16, generation int32, member,
 *                             instance, [topic, [partition int32, offset int64, leaderEpoch int32, metadata, tags]*, tags]*, tags
 * response                  = throttleMs int32, [topic, [partition int32, error int16, tags]*, tags]*, tags
 * AddPartitionsToTxn 3      = transactionalId, producerId int64, epoch int16, [topic, [partition int32]*, tags]*, tags
 * response                  = throttleMs int32, [topic, [partition int32, error int16, tags]*, tags]*, tags
 * AddOffsetsToTxn 3         = transactionalId, producerId int64, epoch int16, group, tags
 * response                  = throttleMs int32, error int16, tags
 * ```
 *
 * @module
 */
import type { CommittedOffset, TopicPartition } from '@heddle/core'
import { type ByteReader, ByteWriter } from './bytes.ts'
import { command } from './command.ts'
import type { ProducerIdentity } from './record-batch.ts'

export interface Ended {
  readonly errorCode: number
  readonly next: ProducerIdentity
}

const end = (transactionalId: string, { id, epoch }: ProducerIdentity, commit: boolean) => [
  new ByteWriter(64)
    .compactString(transactionalId)
    .bigint64(id)
    .int16(epoch)
    .int8(commit ? 1 : 0)
    .noTags()
    .take(),
]

export const endTransactionV5 = command(26, 5, end, (reader): Ended => {
  reader.int32()
  return { errorCode: reader.int16(), next: { id: reader.bigint64(), epoch: reader.int16() } }
})

/** The error code. The next transaction has the same identity. */
export const endTransactionV3 = command(26, 3, end, errorCode)

/** Who a member of a group is to the broker: the epoch of KIP-848, or the generation of the classic protocol. */
export interface MemberIdentity {
  readonly group: string
  readonly memberId: string
  readonly instanceId: string | null
  readonly epoch: number
}

export interface PartitionResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
}

function encodeOffsets(
  transactionalId: string,
  { id, epoch }: ProducerIdentity,
  member: MemberIdentity,
  offsets: readonly CommittedOffset[],
): Buffer[] {
  const writer = new ByteWriter(128 + 64 * offsets.length)
  writer.compactString(transactionalId).compactString(member.group).bigint64(id).int16(epoch)
  writer.int32(member.epoch).compactString(member.memberId).compactString(member.instanceId)
  const topics = Map.groupBy(offsets, ({ topic }) => topic)
  writer.compactArray([...topics], ([topic, ofTopic]) => {
    writer.compactString(topic).compactArray(ofTopic, ({ partition, offset, metadata }) => {
      writer
        .int32(partition)
        .int64(offset)
        .int32(-1)
        .compactString(metadata ?? null)
        .noTags()
    })
    writer.noTags()
  })
  return [writer.noTags().take()]
}

/** Adds offsets to a transaction, and with them the group. */
export const commitOffsetsV5 = command(28, 5, encodeOffsets, partitionResults)

/** Adds offsets to a transaction that the group is in already. */
export const commitOffsetsV3 = command(28, 3, encodeOffsets, partitionResults)

export const addPartitionsV3 = command(
  24,
  3,
  (transactionalId: string, { id, epoch }: ProducerIdentity, places: readonly TopicPartition[]) => {
    const writer = new ByteWriter(64 + 64 * places.length)
    writer.compactString(transactionalId).bigint64(id).int16(epoch)
    const topics = Map.groupBy(places, ({ topic }) => topic)
    writer.compactArray([...topics], ([topic, ofTopic]) => {
      writer.compactString(topic).compactArray(ofTopic, ({ partition }) => writer.int32(partition))
      writer.noTags()
    })
    return [writer.noTags().take()]
  },
  partitionResults,
)

/** The error code. */
export const addOffsetsV3 = command(
  25,
  3,
  (transactionalId: string, { id, epoch }: ProducerIdentity, group: string) => [
    new ByteWriter(64)
      .compactString(transactionalId)
      .bigint64(id)
      .int16(epoch)
      .compactString(group)
      .noTags()
      .take(),
  ],
  errorCode,
)

function errorCode(reader: ByteReader): number {
  reader.int32()
  return reader.int16()
}

function partitionResults(reader: ByteReader): readonly PartitionResult[] {
  reader.int32()
  return reader
    .compactArray(() => {
      const topic = reader.compactString()!
      const results = reader.compactArray(() => {
        const result = { topic, partition: reader.int32(), errorCode: reader.int16() }
        reader.tags()
        return result
      })
      reader.tags()
      return results
    })
    .flat()
}
