/**
 * What members of a classic group tell each other through the coordinator, which does not look into it.
 * https://github.com/apache/kafka/tree/4.1.0/clients/src/main/resources/common/message
 * (ConsumerProtocolSubscription.json, ConsumerProtocolAssignment.json)
 *
 * ```
 * subscription = version int16, [topic]*, userData bytes, [place]*, generation int32     ; what it owns, and since when
 * assignment   = version int16, [place]*, userData bytes
 * place        = topic, [partition int32]*
 * topic        = length int16, UTF-8
 * bytes        = length int32 (-1 is null), bytes
 * [x]*         = count int32, x …
 * ```
 *
 * Version 1 of a subscription has brought what is owned, version 2 the generation. Later versions have more at the end.
 *
 * @module
 */
import type { TopicPartition } from '@heddle/core'
import { ByteReader, ByteWriter } from './bytes.ts'

export interface Subscription {
  readonly topics: readonly string[]
  readonly owned: readonly TopicPartition[]
  /** In which generation it owned them; -1 when it does not say. */
  readonly generation: number
}

const subscriptionVersion = 2
const assignmentVersion = 1

export function encodeSubscription({ topics, owned, generation }: Subscription): Buffer {
  const writer = new ByteWriter()
  writer.int16(subscriptionVersion).int32(topics.length)
  for (const topic of topics) text(writer, topic)
  writer.int32(-1)
  places(writer, owned)
  return writer.int32(generation).take()
}

export function decodeSubscription(bytes: Buffer): Subscription {
  const reader = new ByteReader(bytes)
  const version = reader.int16()
  const topics = list(reader, () => readText(reader))
  skipBytes(reader)
  return {
    topics,
    owned: version >= 1 ? readPlaces(reader) : [],
    generation: version >= 2 ? reader.int32() : -1,
  }
}

export function encodeAssignment(assigned: readonly TopicPartition[]): Buffer {
  const writer = new ByteWriter()
  writer.int16(assignmentVersion)
  places(writer, assigned)
  return writer.int32(-1).take()
}

/** A member that is new has no bytes yet. */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return []
  const reader = new ByteReader(bytes)
  reader.int16()
  return readPlaces(reader)
}

function places(writer: ByteWriter, all: readonly TopicPartition[]): void {
  const topics = Map.groupBy(all, ({ topic }) => topic)
  writer.int32(topics.size)
  for (const [topic, ofTopic] of topics) {
    text(writer, topic)
    writer.int32(ofTopic.length)
    for (const { partition } of ofTopic) writer.int32(partition)
  }
}

function readPlaces(reader: ByteReader): TopicPartition[] {
  return list(reader, () => {
    const topic = readText(reader)
    return list(reader, () => ({ topic, partition: reader.int32() }))
  }).flat()
}

function text(writer: ByteWriter, value: string): void {
  const bytes = Buffer.byteLength(value)
  writer.int16(bytes).utf8(value, bytes)
}

const readText = (reader: ByteReader): string => reader.raw(reader.int16()).toString('utf8')

function skipBytes(reader: ByteReader): void {
  const length = reader.int32()
  if (length > 0) reader.raw(length)
}

const list = <T>(reader: ByteReader, read: () => T): T[] => Array.from({ length: reader.int32() }, read)
