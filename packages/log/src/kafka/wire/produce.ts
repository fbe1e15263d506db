/**
 * Produce, https://kafka.apache.org/protocol#The_Messages_Produce
 *
 * ```
 * request  = transactionalId compact string, acks int16, timeoutMs int32, topic*, tags
 * topic    = name compact string, [partition int32, batch compact bytes, tags]*, tags
 * response = [name, [partition int32, error int16, baseOffset int64, appendTime int64, startOffset int64,
 *            [index int32, message, tags]*, message, tags]*, tags]*, throttleMs int32, tags
 * ```
 *
 * Version 12 is the same with a meaning of its own: it adds the partition to the transaction (KIP-890).
 *
 * @module
 */
import type { API } from '@platformatic/kafka'
import { ByteWriter } from './bytes.ts'
import { command } from './command.ts'

export interface ProduceBatch {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
}

export interface Produced {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset: number
  readonly message: string | null
}

/** acks=all, always. */
function encode(
  transactionalId: string | null,
  timeoutMs: number,
  batches: readonly ProduceBatch[],
): Buffer[] {
  const parts: Buffer[] = []
  let writer = new ByteWriter(128)
  writer.compactString(transactionalId).int16(-1).int32(timeoutMs)
  const topics = Map.groupBy(batches, ({ topic }) => topic)
  writer.uvarint(topics.size + 1)
  for (const [topic, ofTopic] of topics) {
    writer.compactString(topic).uvarint(ofTopic.length + 1)
    for (const { partition, batch } of ofTopic) {
      writer.int32(partition).uvarint(batch.length + 1)
      parts.push(writer.take(), batch)
      writer = new ByteWriter(32)
      writer.noTags()
    }
    writer.noTags()
  }
  parts.push(writer.noTags().take())
  return parts
}

const apis = new Map<number, API<Parameters<typeof encode>, readonly Produced[]>>()

/** @param version 9 to 12. */
export function produceApi(version: number): API<Parameters<typeof encode>, readonly Produced[]> {
  let api = apis.get(version)
  if (api === undefined) {
    api = command(0, version, encode, (reader) =>
      reader
        .compactArray(() => {
          const topic = reader.compactString()!
          const produced = reader.compactArray(() => {
            const partition = reader.int32()
            const errorCode = reader.int16()
            const baseOffset = reader.int64()
            reader.raw(16)
            const errors = reader.compactArray(() => {
              reader.int32()
              const message = reader.compactString()
              reader.tags()
              return message
            })
            const message = reader.compactString() ?? errors.find((error) => error !== null) ?? null
            reader.tags()
            return { topic, partition, errorCode, baseOffset, message }
          })
          reader.tags()
          return produced
        })
        .flat(),
    )
    apis.set(version, api)
  }
  return api
}
