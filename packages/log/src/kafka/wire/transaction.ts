/**
 * What ends a transaction, in the versions of KIP-890 that the library does not know yet.
 * https://kafka.apache.org/protocol#The_Messages_EndTxn, https://kafka.apache.org/protocol#The_Messages_TxnOffsetCommit
 *
 * ```
 * EndTxn request            = transactionalId, producerId int64, epoch int16, committed boolean, tags
 * EndTxn response 5         = throttleMs int32, error int16, producerId int64, epoch int16, tags   ; for the next transaction
 * TxnOffsetCommit request 5 = transactionalId, group, producerId int64, epoch int16, generation int32, member,
 *                             instance, [topic, [partition int32, offset int64, leaderEpoch int32, metadata, tags]*, tags]*, tags
 * response                  = throttleMs int32, [topic, [partition int32, error int16, tags]*, tags]*, tags
 * ```
 *
 * @module
 */
import type { CommittedOffset } from '@heddle/core'
import { ByteWriter } from './bytes.ts'
import { command } from './command.ts'
import type { ProducerIdentity } from './record-batch.ts'

export interface Ended {
  readonly errorCode: number
  readonly next: ProducerIdentity
}

export const endTransactionV5 = command(
  26,
  5,
  (transactionalId: string, { id, epoch }: ProducerIdentity, commit: boolean) => [
    new ByteWriter(64)
      .compactString(transactionalId)
      .bigint64(id)
      .int16(epoch)
      .int8(commit ? 1 : 0)
      .noTags()
      .take(),
  ],
  (reader): Ended => {
    reader.int32()
    return { errorCode: reader.int16(), next: { id: reader.bigint64(), epoch: reader.int16() } }
  },
)

/** Who a member of a group is to the broker: the epoch of KIP-848, or the generation of the classic protocol. */
export interface MemberIdentity {
  readonly group: string
  readonly memberId: string
  readonly instanceId: string | null
  readonly epoch: number
}

export interface OffsetResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
}

/** Adds offsets to a transaction, and with them the group. */
export const commitOffsetsV5 = command(
  28,
  5,
  (
    transactionalId: string,
    { id, epoch }: ProducerIdentity,
    member: MemberIdentity,
    offsets: readonly CommittedOffset[],
  ) => {
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
  },
  (reader): readonly OffsetResult[] => {
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
  },
)
